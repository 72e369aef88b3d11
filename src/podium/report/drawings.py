"""Small SVG drawings for the page: bars, whiskers, scales, curves.

They take their colours from the style sheet by class, so they follow light and dark. Drawings along one line use
percent for x and stretch with their column; their strokes and dots keep their size. No element carries a `style`, so
the page's content policy needs no exception.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from podium.report.axis import Axis, fit_axis

__all__ = ["draw_bar", "draw_columns", "draw_curve", "draw_reliability", "draw_scale", "draw_stack", "draw_whisker"]

_OPEN_LINE = Markup('<svg class="{}" width="100%" height="{}" role="img" aria-label="{}">')
_OPEN_BOX = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">')
_CLOSE = Markup("</svg>")


def _join(parts: Sequence[Markup]) -> Markup:
    return Markup("").join(parts)


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def draw_whisker(
    value: float, low: float, high: float, axis: Axis, *, words: str, from_zero: bool = False, height: int = 18
) -> Markup:
    """A dot at the value and a line from low to high, over the grid of the scale.

    Args:
        value: The score; nan draws the grid alone.
        low: Lower bound; nan draws no line.
        high: Upper bound.
        axis: The scale.
        words: What the drawing says, for readers who do not see it.
        from_zero: Fill from the scale's start to the value.
        height: In px.
    """
    middle = height / 2
    parts = [_OPEN_LINE.format("whisker", height, words)]
    for tick in axis.ticks:
        x = _percent(axis.place(tick))
        parts.append(Markup('<line class="grid" x1="{0}" x2="{0}" y1="0" y2="{1}"/>').format(x, height))
    if math.isfinite(value):
        x = _percent(axis.place(value))
        if from_zero:
            bar = Markup('<rect class="fill" x="0" y="{}" width="{}" height="{}" rx="3"/>')
            parts.append(bar.format(f"{height * 0.2:g}", x, f"{height * 0.6:g}"))
        if math.isfinite(low) and math.isfinite(high):
            line = Markup('<line class="range" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>')
            parts.append(line.format(_percent(axis.place(low)), _percent(axis.place(high)), middle))
        parts.append(Markup('<circle class="dot" cx="{}" cy="{}" r="{}"/>').format(x, middle, min(5, height / 4)))
    return _join([*parts, _CLOSE])


def draw_scale(axis: Axis) -> Markup:
    """The numbers below drawings of the same scale."""
    parts = [_OPEN_LINE.format("scale", 16, f"scale from {axis.label(axis.low)} to {axis.label(axis.high)}")]
    for tick in axis.ticks:
        place = axis.place(tick)
        text = Markup('<text x="{}" y="12" text-anchor="middle">{}</text>')
        parts.append(text.format(_percent(place), axis.label(tick)))
    return _join([*parts, _CLOSE])


def draw_bar(fraction: float, *, words: str) -> Markup:
    """A bar that fills this fraction of its column."""
    shape = Markup('<rect class="fill solid" x="0" y="2" width="{}" height="10" rx="2"/>')
    return _join([_OPEN_LINE.format("bar", 14, words), shape.format(_percent(100 * fraction)), _CLOSE])


def draw_columns(values: Sequence[float], *, words: str, height: int = 26) -> Markup:
    """Narrow columns side by side, the highest as high as the drawing."""
    top = max([*values, 1e-12])
    width = 100 / max(1, len(values))
    parts = [_OPEN_LINE.format("columns", height, words)]
    for place, value in enumerate(values):
        tall = max(0.5, height * value / top) if value > 0 else 0
        shape = Markup('<rect class="fill solid" x="{}" y="{}" width="{}" height="{}"/>')
        x, w = _percent(place * width + width * 0.08), _percent(width * 0.84)
        parts.append(shape.format(x, f"{height - tall:.1f}", w, f"{tall:.1f}"))
    return _join([*parts, _CLOSE])


def draw_curve(
    epochs: Sequence[float], values: Sequence[float], x_axis: Axis, y_axis: Axis, *, words: str, mark: int | None = None
) -> Markup:
    """A line over epochs, with the grid of its scale.

    Args:
        epochs: x of each point.
        values: y of each point; nan breaks the line.
        x_axis: Scale of the epochs.
        y_axis: Scale of the values.
        words: What the drawing says.
        mark: Position of a point to set a dot on.
    """
    width, height, left = 300, 120, 34

    def x_of(value: float) -> float:
        return left + (width - left - 6) * x_axis.place(value) / 100

    def y_of(value: float) -> float:
        return 6 + (height - 24) * (1 - y_axis.place(value) / 100)

    parts = [_OPEN_BOX.format("curve", width, height, words)]
    for tick in y_axis.ticks:
        line = Markup('<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>')
        parts.append(line.format(left, width, y_of(tick)))
        text = Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>')
        parts.append(text.format(left - 5, y_of(tick) + 3.5, y_axis.label(tick)))
    for tick in x_axis.ticks:
        text = Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>')
        parts.append(text.format(x_of(tick), height - 3, x_axis.label(tick)))
    for run in _unbroken(epochs, values):
        points = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in run)
        parts.append(Markup('<polyline class="trace" points="{}"/>').format(points))
        if len(run) == 1:
            dot = Markup('<circle class="dot small" cx="{:.1f}" cy="{:.1f}" r="2"/>')
            parts.append(dot.format(x_of(run[0][0]), y_of(run[0][1])))
    if mark is not None:
        dot = Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="3.5"/>')
        parts.append(dot.format(x_of(epochs[mark]), y_of(values[mark])))
    return _join([*parts, _CLOSE])


def _unbroken(xs: Sequence[float], ys: Sequence[float]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(xs, ys, strict=True):
        if math.isfinite(y):
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def draw_reliability(confidence: Sequence[float], right: Sequence[float], share: Sequence[float]) -> Markup:
    """How often a model is right against how sure it is; dots grow with their share of the answers.

    Args:
        confidence: Mean probability in each bin.
        right: Fraction right in each bin.
        share: Share of the answers in each bin.
    """
    size, left = 300, 34
    span = size - left - 10

    def at(x: float, y: float) -> tuple[float, float]:
        return left + span * x, 8 + span * (1 - y)

    parts = [_OPEN_BOX.format("curve square", size, size, "reliability: fraction right against probability")]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        (x, y), (_, bottom) = at(tick, tick), at(0, 0)
        line = Markup('<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>')
        parts.append(line.format(left, left + span, y))
        text = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>')
        parts.append(text.format(left - 5, y + 3.5, "end", f"{tick:g}"))
        parts.append(text.format(x, bottom + 15, "middle", f"{tick:g}"))
    (x0, y0), (x1, y1) = at(0, 0), at(1, 1)
    parts.append(Markup('<line class="ideal" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(x0, y0, x1, y1))
    places = [at(x, y) for x, y in zip(confidence, right, strict=True)]
    parts.append(
        Markup('<polyline class="trace" points="{}"/>').format(" ".join(f"{x:.1f},{y:.1f}" for x, y in places))
    )
    for (x, y), weight in zip(places, share, strict=True):
        parts.append(
            Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(x, y, 2.5 + 7 * weight**0.5)
        )
    return _join([*parts, _CLOSE])


def draw_stack(right: Sequence[int], wrong: Sequence[int], labels: Sequence[str]) -> Markup:
    """Columns of counts, wrong ones on top of right ones, with a label below every column."""
    width, height, left = 300, 300, 34
    base = height - 24
    top = max([a + b for a, b in zip(right, wrong, strict=True)] + [1])
    slot = (width - left) / max(1, len(right))
    parts = [_OPEN_BOX.format("curve square", width, height, "answers by their probability, right and wrong")]
    axis = fit_axis([0, top])
    for tick in axis.ticks:
        y = base - (base - 8) * axis.place(tick) / 100
        line = Markup('<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>')
        parts.append(line.format(left, width, y))
        parts.append(
            Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(left - 5, y + 3.5, _short_count(tick))
        )
    shape = Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>')
    for place, (good, bad, label) in enumerate(zip(right, wrong, labels, strict=True)):
        x = left + slot * place
        tall = [(base - 8) * axis.place(count) / 100 for count in (good, bad)]
        parts.append(shape.format("fill solid", x + slot * 0.1, base - tall[0], slot * 0.8, tall[0]))
        parts.append(shape.format("fill wrong", x + slot * 0.1, base - sum(tall), slot * 0.8, tall[1]))
        parts.append(
            Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(x + slot / 2, base + 15, label)
        )
    return _join([*parts, _CLOSE])


def _short_count(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
