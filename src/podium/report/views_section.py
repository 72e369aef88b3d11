"""What test-time views add to the score and cost, and which of them the run predicts with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podium.metrics import Interval
from podium.report.contents import RunContents
from podium.report.section import Section

__all__ = ["ViewRow", "ViewsSection", "describe_views"]


@dataclass(frozen=True)
class ViewRow:
    """One view.

    Args:
        view: Its name.
        passes: Forward passes an image takes.
        images_per_s: Measured speed; None where there is none.
        score: Score of this view alone.
        added: What it adds to the views of the recipe, with its interval; None for the only one that there is.
        verdict: Of that.
        is_chosen: Whether it is among the chosen views.
    """

    view: str
    passes: int
    images_per_s: float | None
    score: float
    added: Interval | None
    verdict: str
    is_chosen: bool


@dataclass(frozen=True)
class ViewsSection(Section):
    """The audit.

    Args:
        target: What was judged.
        metric: By what.
        level: At which all intervals of a column hold together.
        rows: Every view, the plain one first.
        before: Views of the recipe.
        chosen: Views that were chosen.
        used: Views that predictions use.
        gain: What choosing is worth on folds that did not choose.
        gain_verdict: Of that.
        notes: What else to know.
    """

    target: str
    metric: str
    level: float
    rows: tuple[ViewRow, ...]
    before: tuple[str, ...]
    chosen: tuple[str, ...]
    used: tuple[str, ...]
    gain: Interval
    gain_verdict: str
    notes: tuple[str, ...]

    @property
    def harmful(self) -> tuple[str, ...]:
        """Views that clearly lower the score."""
        return tuple(row.view for row in self.rows if row.verdict == "hurts")


def describe_views(contents: RunContents) -> ViewsSection | None:
    """The section; None where no views were audited."""
    record = contents.views
    if not record:
        return None
    rows = tuple(
        ViewRow(
            line["view"],
            line["passes"],
            line["images_per_s"],
            line["score"],
            _interval(line["added"]),
            "" if line["added"] is None else line["added"]["verdict"],
            line["is_chosen"],
        )
        for line in record["lines"]
    )
    return ViewsSection(
        record["target"],
        record["metric"],
        record["level"],
        rows,
        tuple(record["before"]),
        tuple(record["choice"]["views"]),
        tuple(record["chosen"]["views"]),
        Interval.from_dict(record["gain"]["difference"]),
        record["gain"]["verdict"],
        tuple(record["notes"]),
    )


def _interval(record: Mapping[str, Any] | None) -> Interval | None:
    return None if record is None else Interval.from_dict(record["difference"])
