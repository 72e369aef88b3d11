"""What was submitted from a run, and how leaderboards scored it and the other runs beside it."""

from __future__ import annotations

from dataclasses import dataclass

from podium.listing import count_of
from podium.metrics import Interval
from podium.report.contents import RunContents
from podium.report.drawing import Drawing
from podium.report.leaderboard_chart import draw_leaderboard
from podium.report.section import Section
from podium.store import RankedSubmission

__all__ = ["SubmissionsSection", "describe_submissions", "draw_submissions"]


@dataclass(frozen=True)
class SubmissionsSection(Section):
    """Submissions of this run, and the points of all runs.

    Args:
        lines: Submissions of this run, the oldest first.
        points: Of every submission of any run with both scores: out of fold and on the public leaderboard.
        own: Positions of this run's points.
        pearson: Correlation of the two; nan with fewer than three points.
        spearman: That of their orders.
        advice: What they say, in a line.
    """

    lines: tuple[RankedSubmission, ...]
    points: tuple[tuple[float, float], ...]
    own: tuple[int, ...]
    pearson: Interval
    spearman: Interval
    advice: str


def describe_submissions(contents: RunContents) -> SubmissionsSection | None:
    """The section; None where nothing was submitted from this run."""
    found = contents.submitted
    lines = () if found is None else tuple(row for row in found.rows if contents.run.name in row.run.split(", "))
    if found is None or not lines:
        return None
    own = tuple(place for place, row in enumerate(found.points) if row in lines)
    points = tuple((row.cv, row.public) for row in found.points)
    return SubmissionsSection(lines, points, own, found.pearson, found.spearman, found.advice)


def draw_submissions(section: SubmissionsSection) -> Drawing:
    """The points, those of this run in another colour."""
    n_points = count_of(len(section.points), "submission")
    words = f"Score out of fold against the public leaderboard, {n_points}: {section.advice}."
    return draw_leaderboard(section.points, words, own=section.own)
