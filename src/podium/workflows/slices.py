"""What `podium slices` does: the score of every value of a column, out of fold, and which is the worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from podium import durable
from podium.decisions import judged_answers
from podium.errors import UnknownNameError
from podium.explain.map_colours import colour_columns
from podium.metrics import DomainScore, Scores, fitting_metrics, score_domains, worst_domain
from podium.metrics import metric as find_metric
from podium.store import RunFolder, check_scores, load_tables, read_pool
from podium.store.slices_record import keep_slices
from podium.tables import as_text_array, load_predictions
from podium.texttable import Frame

__all__ = ["Slices", "score_slices", "show_slices"]

_SEVERAL = "several"


@dataclass(frozen=True)
class Slices:
    """Scores by the values of one column.

    Args:
        column: The column.
        target: The main target.
        metric: By what it is judged.
        scores: One a value that has a labelled answer, by name.
        worst: The value with the least share of what can be reached there; "" without values.
    """

    column: str
    target: str
    metric: str
    scores: tuple[DomainScore, ...]
    worst: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return self.__dict__ | {"scores": [one.to_dict() for one in self.scores]}


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
    columns = colour_columns(tuple(dict.fromkeys(by)), samples, oof, head, table, field="by")
    answers, units = judged_answers(oof, samples, read_pool(run))
    place = {name: row for row, name in enumerate(samples.ids.tolist())}
    found = []
    for name, words in columns.items():
        cells = np.full(len(samples), "", dtype=object)
        cells[[place[image] for image in oof.ids.tolist()]] = words
        own = cells if samples.bag is None else _of_bags(cells, samples.bag, samples.ids, units.ids)
        made = score_domains(answers, replace(units, domain=as_text_array(list(own))), chosen)
        worst = worst_domain(made, chosen)
        found.append(Slices(name, head.name, chosen, made, "" if worst is None else worst.name))
    return found


def show_slices(run: RunFolder, found: Sequence[Slices]) -> None:
    """Keep scores by columns in the run's folder, where its report shows them from then on."""
    from podium.report import make_report

    with durable.hold_lock(run.path):
        keep_slices(run, [one.to_dict() for one in found])
        make_report(run)


def _of_bags(cells: Any, bag: Any, ids: Any, bags: Any) -> list[str]:
    """The value of each bag; "several" where its images differ."""
    values: dict[str, set[str]] = {}
    for name, own, cell in zip(ids.tolist(), bag.tolist(), cells.tolist(), strict=True):
        values.setdefault(own or name, set()).update({cell} - {""})
    found = [sorted(values.get(name, set())) for name in bags.tolist()]
    return [one[0] if len(one) == 1 else _SEVERAL if one else "" for one in found]
