"""Every look at the holdout or at a labelled test set, the oldest first."""

from __future__ import annotations

from dataclasses import dataclass

from podium.metrics import Interval
from podium.report.contents import RunContents
from podium.report.section import Section
from podium.store import Evaluation

__all__ = ["EvaluationLine", "EvaluationsSection", "describe_evaluations"]


@dataclass(frozen=True)
class EvaluationLine:
    """One look.

    Args:
        name: "Holdout", or the name of the test set.
        at: The day, in UTC.
        n: Images.
        metric: The main metric.
        interval: The score of the main target.
        chance: What the best answer that is the same for every image scores.
        number: Which look at these images it was, over all runs in the folder.
        known_fraction: Share of the images that were trained on; None where that is not known.
        without_rules: The same score without the rules of `podium decide`, where they change it.
        is_current: Whether the models that were scored are the ones that are here now.
    """

    name: str
    at: str
    n: int
    metric: str
    interval: Interval
    chance: float
    number: int
    known_fraction: float | None
    without_rules: float | None
    is_current: bool


@dataclass(frozen=True)
class EvaluationsSection(Section):
    """All looks."""

    lines: tuple[EvaluationLine, ...]


def describe_evaluations(contents: RunContents) -> EvaluationsSection | None:
    """The section; None where nobody looked."""
    if not contents.evaluations:
        return None
    return EvaluationsSection(tuple(_line_of(item, contents) for item in contents.evaluations))


def _line_of(item: Evaluation, contents: RunContents) -> EvaluationLine:
    return EvaluationLine(
        name="Holdout" if item.kind == "holdout" else item.name,
        at=item.at[:10],
        n=item.n,
        metric=item.scores.main_metric,
        interval=item.scores.main,
        chance=item.scores.chance,
        number=item.number,
        known_fraction=item.known_fraction,
        without_rules=item.main_without_rules,
        is_current=item.weights == contents.weights,
    )
