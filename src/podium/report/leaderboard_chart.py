"""Cross-validation against the leaderboard: a dot a submission, and the line on which both are equal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from podium import durable
from podium.errors import UsageError
from podium.report.axis import fit_axis
from podium.report.charts import Series, draw_lines
from podium.report.drawing import Drawing
from podium.report.raster import as_png
from podium.report.rate_chart import as_svg

__all__ = ["draw_leaderboard", "write_leaderboard"]

_SIDE = 360.0


def draw_leaderboard(points: Sequence[tuple[float, float]], words: str, *, own: Sequence[int] = ()) -> Drawing:
    """The chart.

    Args:
        points: Score out of fold and on the public leaderboard, of each submission.
        words: What the chart says.
        own: Positions of the points to draw in another colour.
    """
    values = [value for point in points for value in point]
    axis = fit_axis(values or [0.0, 1.0])
    ends = [axis.low, axis.high]
    series = [Series(ends, ends, kind="chance", name="the same on both")]
    for place, (x, y) in enumerate(points):
        series.append(Series([x], [y], radii=(4.0,), dot="dot-1" if place in own else "dot-0"))
    return draw_lines(
        series,
        axis,
        axis,
        words=words,
        x_name="out of fold",
        y_name="leaderboard",
        width=_SIDE,
        height=_SIDE,
    )


def write_leaderboard(drawing: Drawing, path: Path) -> None:
    """Write the chart as PNG or SVG, by the ending of the file.

    Raises:
        UsageError: If it ends otherwise.
    """
    if path.suffix.lower() not in (".png", ".svg"):
        raise UsageError("a chart is a .png or a .svg.", where=path, fix="Change the ending of the name.")
    is_svg = path.suffix.lower() == ".svg"
    title = "Cross-validation against the leaderboard"
    durable.write_bytes(path, as_svg(drawing) if is_svg else as_png(title, [drawing]))
