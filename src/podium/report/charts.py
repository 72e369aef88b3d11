"""Bars, whiskers, scales and charts of lines: from numbers to shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from podium.report.axis import Axis, fit_axis
from podium.report.drawing import Dot, Drawing, Line, Rect, Shape, Text, Trace

__all__ = ["Series", "Strip", "bar", "columns", "draw_lines", "draw_stack", "scale", "text_width", "whisker"]

_LEFT, _RIGHT, _TOP, _BOTTOM = 34.0, 10.0, 8.0, 22.0


@dataclass(frozen=True)
class Strip:
    """Where a drawing along one line lies: in percent of a column, or in px of a sheet."""

    height: float
    top: float = 0.0
    left: float = 0.0
    width: float = 100.0

    def x_of(self, axis: Axis, value: float) -> float:
        """Where a value lies."""
        return self.left + self.width * axis.place(value) / 100


def whisker(value: float, low: float, high: float, axis: Axis, strip: Strip, *, from_zero: bool = False) -> list[Shape]:
    """A dot at the value and a line from low to high, over the grid of the scale.

    Args:
        value: The score; nan draws the grid alone.
        low: Lower bound; nan draws no line.
        high: Upper bound.
        axis: The scale.
        strip: Where it lies.
        from_zero: Fill from the scale's start to the value.
    """
    height, middle = strip.height, strip.top + strip.height / 2
    ticks = [strip.x_of(axis, tick) for tick in axis.ticks]
    shapes: list[Shape] = [Line(x, strip.top, x, strip.top + height, "grid") for x in ticks]
    if not math.isfinite(value):
        return shapes
    x = strip.x_of(axis, value)
    if from_zero:
        shapes.append(Rect(strip.left, strip.top + 0.2 * height, x - strip.left, 0.6 * height, "area", radius=3))
    if math.isfinite(low) and math.isfinite(high):
        shapes.append(Line(strip.x_of(axis, low), middle, strip.x_of(axis, high), middle, "range"))
    return [*shapes, Dot(x, middle, min(5, height / 4))]


def scale(axis: Axis, strip: Strip) -> list[Shape]:
    """The numbers below or over drawings of the same scale."""
    return [Text(strip.x_of(axis, tick), strip.top + 12, axis.label(tick)) for tick in axis.ticks]


def bar(fraction: float, *, words: str) -> Drawing:
    """A bar that fills this fraction of its column."""
    return Drawing(words, (Rect(0, 2, 100 * fraction, 10, "bar", radius=2),), None, 14)


def columns(values: Sequence[float], *, words: str, height: float = 26) -> Drawing:
    """Narrow columns side by side, the highest as high as the drawing."""
    top, slot = max([*values, 1e-12]), 100 / max(1, len(values))
    talls = [max(0.5, height * value / top) if value > 0 else 0.0 for value in values]
    shapes = [Rect(slot * (n + 0.08), height - tall, slot * 0.84, tall, "bar") for n, tall in enumerate(talls)]
    return Drawing(words, tuple(shapes), None, height)


@dataclass(frozen=True)
class Series:
    """One line of a chart.

    Args:
        xs: x of each point.
        ys: y of each point; nan breaks the line.
        kind: How it looks.
        name: What the legend calls it; "" leaves it out.
        radii: Radius of a dot at each point; empty draws none but for a point that stands alone.
        mark: Position of the point to mark.
        dot: How its dots look.
    """

    xs: Sequence[float]
    ys: Sequence[float]
    kind: str = "trace"
    name: str = ""
    radii: Sequence[float] = ()
    mark: int | None = None
    dot: str = "dot"


def draw_lines(
    series: Sequence[Series],
    x_axis: Axis,
    y_axis: Axis,
    *,
    words: str,
    x_name: str = "",
    y_name: str = "",
    width: float,
    height: float,
) -> Drawing:
    """A chart of lines with the grid of its scale; axis names and a legend add to the height.

    Args:
        series: The lines, from back to front.
        x_axis: Scale of the x values.
        y_axis: Scale of the y values.
        words: What the drawing says.
        x_name: What the x axis shows.
        y_name: What the y axis shows.
        width: In px.
        height: In px, without names and legend.
    """
    top = _TOP + (14 if y_name else 0)
    base = top + height - _TOP - _BOTTOM
    across = Strip(0, left=_LEFT, width=width - _LEFT - _RIGHT)

    def at(x: float, y: float) -> tuple[float, float]:
        return across.x_of(x_axis, x), base - (base - top) * y_axis.place(y) / 100

    shapes: list[Shape] = []
    for tick in y_axis.ticks:
        _, y = at(x_axis.low, tick)
        shapes += [Line(_LEFT, y, width - _RIGHT, y, "grid"), Text(_LEFT - 5, y + 3.5, y_axis.label(tick), "end")]
    shapes += scale(x_axis, Strip(0, base + 3, across.left, across.width))
    if y_name:
        shapes.append(Text(0, 9, y_name, "start"))
    if x_name:
        shapes.append(Text(width - _RIGHT, base + 29, x_name, "end"))
    for item in series:
        shapes += _trace(item, [at(x, y) if math.isfinite(y) else None for x, y in zip(item.xs, item.ys, strict=True)])
    below = base + _BOTTOM + (14 if x_name else 0)
    legend, total = _legend([item for item in series if item.name], below, width)
    return Drawing(words, (*shapes, *legend), width, total)


def _trace(item: Series, places: Sequence[tuple[float, float] | None]) -> list[Shape]:
    shapes: list[Shape] = []
    for run in _unbroken(places):
        shapes.append(Trace(_without_flats(run), item.kind) if len(run) > 1 else Dot(*run[0], 2, item.dot))
    for place, radius in zip(places, item.radii, strict=False):
        if place is not None:
            shapes.append(Dot(*place, radius, item.dot))
    best = None if item.mark is None else places[item.mark]
    return shapes if best is None else [*shapes, Dot(*best, 3.5, item.dot)]


def _unbroken(places: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for place in places:
        if place is not None:
            runs[-1].append(place)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _without_flats(points: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The points without those inside a level stretch, which a line does not need."""
    inner = zip(points, points[1:], points[2:], strict=False)
    kept = [middle for before, middle, after in inner if not before[1] == middle[1] == after[1]]
    return (points[0], *kept, points[-1])


def _legend(series: Sequence[Series], top: float, width: float) -> tuple[list[Shape], float]:
    """A key and a name each, in as many rows as they take; and where the last row ends."""
    if not series:
        return [], top
    shapes: list[Shape] = []
    x, y = 2.0, top + 12
    for item in series:
        wide = 32 + text_width(item.name)
        if x > 2 and x + wide > width:
            x, y = 2.0, y + 15
        shapes += [Line(x, y - 3.5, x + 16, y - 3.5, item.kind), Text(x + 20, y, item.name, "start")]
        x += wide
    return shapes, y + 5


def text_width(words: str) -> float:
    """Px that words take, about: a wide letter takes two."""
    return 6.0 * sum(1 if letter < "\u1100" else 2 for letter in words)


def draw_stack(right: Sequence[int], wrong: Sequence[int], labels: Sequence[str], *, words: str) -> Drawing:
    """Columns of counts, wrong ones on top of right ones, with a label below every column."""
    width = height = 300.0
    base = height - _BOTTOM
    axis = fit_axis([0, max([a + b for a, b in zip(right, wrong, strict=True)] + [1])])
    shapes: list[Shape] = []
    for tick in axis.ticks:
        y = base - (base - _TOP) * axis.place(tick) / 100
        shapes += [Line(_LEFT, y, width - _RIGHT, y, "grid"), Text(_LEFT - 5, y + 3.5, _short_count(tick), "end")]
    slot = (width - _LEFT - _RIGHT) / max(1, len(right))
    for place, (good, bad, label) in enumerate(zip(right, wrong, labels, strict=True)):
        x = _LEFT + slot * (place + 0.1)
        low, high = ((base - _TOP) * axis.place(count) / 100 for count in (good, bad))
        shapes.append(Rect(x, base - low, 0.8 * slot, low, "bar"))
        shapes.append(Rect(x, base - low - high, 0.8 * slot, high, "wrong"))
        shapes.append(Text(x + 0.4 * slot, base + 15, label))
    return Drawing(words, tuple(shapes), width, height)


def _short_count(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
