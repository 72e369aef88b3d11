"""The score of every value of a column, and the worst."""

from __future__ import annotations

from dataclasses import dataclass

from podium.metrics import DomainScore, Interval
from podium.report.contents import RunContents
from podium.report.section import Section

__all__ = ["SlicedColumn", "SlicesSection", "describe_slices"]


@dataclass(frozen=True)
class SlicedColumn:
    """One column.

    Args:
        name: Its name.
        target: What was judged.
        metric: By what.
        worst: The value with the least share of what can be reached there.
        lines: A score a value, that of the worst first.
        worst_score: The worst one's score, with an interval that allows for its having been chosen for that.
    """

    name: str
    target: str
    metric: str
    worst: str
    lines: tuple[DomainScore, ...]
    worst_score: Interval


@dataclass(frozen=True)
class SlicesSection(Section):
    """The columns that `podium slices` was asked for."""

    columns: tuple[SlicedColumn, ...]


def describe_slices(contents: RunContents) -> SlicesSection | None:
    """The section; None where no column was asked for, or other predictions were judged than those that are there."""
    columns = tuple(
        SlicedColumn(
            column["column"],
            column["target"],
            column["metric"],
            column["worst"],
            tuple(sorted(map(DomainScore.from_dict, column["scores"]), key=lambda one: one.name != column["worst"])),
            Interval.from_dict(column["worst_score"]),
        )
        for column in contents.slices
    )
    return SlicesSection(columns) if columns else None
