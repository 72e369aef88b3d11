"""What `podium slices` does: the score of every value of a column, out of fold, and which is the worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from podium import durable
from podium.decisions import judged_answers
from podium.errors import UnknownNameError
from podium.metrics import (
    DomainScore,
    Interval,
    Scores,
    fitting_metrics,
    score_domains,
    score_worst_group,
    worst_domain,
)
from podium.metrics import metric as find_metric
from podium.store import RunFolder, check_scores, load_tables, read_pool
from podium.store.slices_record import keep_slices
from podium.tables import as_text_array, load_predictions
from podium.texttable import Frame
from podium.workflows.unit_column import columns_of_units

__all__ = ["Slices", "score_slices", "show_slices"]


@dataclass(frozen=True)
class Slices:
    """Scores by the values of one column.

    Args:
        column: The column.
        target: The main target.
        metric: By what it is judged.
        scores: One a value that has a labelled answer, by name.
        worst: The value with the least share of what can be reached there; "" without values.
        worst_score: Its score. The interval allows for the choice: among other groups another value may be the worst.
    """

    column: str
    target: str
    metric: str
    scores: tuple[DomainScore, ...]
    worst: str
    worst_score: Interval

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        lists = {"scores": [one.to_dict() for one in self.scores]}
        return self.__dict__ | lists | {"worst_score": self.worst_score.to_dict()}


def score_slices(
    run: RunFolder, by: Sequence[str], *, table: str | Path | Frame | None = None, metric: str | None = None
) -> list[Slices]:
    """The out-of-fold score of every value of some columns, each with an interval from its own groups.

    Args:
        run: A finished run, or an ensemble.
        by: Columns, see `podium.explain.map_colours.colour_columns`.
        table: A table with a row an image, for columns that the run does not have.
        metric: Judge by this metric; None takes the run's.

    Raises:
        UsageError: If the run is not finished.
        UnknownNameError: If there is no such column or metric.
    """
    check_scores(run)
    samples, oof = load_tables(run)[0], load_predictions(run.oof_file)
    scores = Scores.from_dict(durable.read_json(run.scores_file))
    head = next(one for one in oof.task.targets if one.name == scores.main_target)
    chosen = metric or scores.main_metric
    if not find_metric(chosen).fits(head):
        raise UnknownNameError("metric", chosen, fitting_metrics(head), field="metric")
    answers, units = judged_answers(oof, samples, read_pool(run))
    found = []
    for name, own in columns_of_units(run, by, units, head, table, field="by").items():
        made = score_domains(answers, replace(units, domain=as_text_array(own)), chosen)
        worst = worst_domain(made, chosen)
        interval = score_worst_group(answers, units, own, chosen)
        found.append(Slices(name, head.name, chosen, made, "" if worst is None else worst.name, interval))
    return found


def show_slices(run: RunFolder, found: Sequence[Slices]) -> None:
    """Keep scores by columns in the run's folder, where its report shows them from then on."""
    from podium.report import make_report

    with durable.hold_lock(run.path):
        keep_slices(run, [one.to_dict() for one in found])
        make_report(run)
