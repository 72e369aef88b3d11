"""Loss over the learning rate, as a chart, an SVG file and a PNG file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from markupsafe import Markup

from podium.report.axis import Axis, fit_axis
from podium.report.charts import Series, draw_lines
from podium.report.drawing import Drawing
from podium.report.paint import N_LINES, light_colours, paint_css

__all__ = ["RateLine", "as_svg", "draw_rates"]


MOST = 1.5
"""First losses up to which the scale reaches: where the loss explodes, the line runs along its end."""


@dataclass(frozen=True)
class RateLine:
    """One model's sweep.

    Args:
        name: What the legend calls it; "" for a single one.
        rates: Learning rates, ascending.
        losses: Smoothed loss at each.
        suggested: The rate to mark; None marks none.
    """

    name: str
    rates: Sequence[float]
    losses: Sequence[float]
    suggested: float | None = None


class _Powers(Axis):
    """A scale of powers of ten, whose values are logarithms."""

    def label(self, tick: float) -> str:
        """The power as text, such as 1e-3."""
        return f"1e{tick:.0f}"


def draw_rates(lines: Sequence[RateLine]) -> Drawing:
    """The smoothed loss over the learning rate, with a dot at each suggestion."""
    logs = [[math.log10(rate) for rate in line.rates] for line in lines]
    low, high = (
        math.floor(min(map(min, logs)) + 1e-9),
        math.ceil(max(map(max, logs)) - 1e-9),
    )
    axis = _Powers(low, max(high, low + 1), tuple(float(tick) for tick in range(low, max(high, low + 1) + 1)))
    series = [
        Series(
            xs,
            line.losses,
            kind=f"line-{place % N_LINES}",
            name=line.name,
            mark=None if line.suggested is None else min(range(len(xs)), key=lambda n: _gap(line, n)),
            dot=f"dot-{place % N_LINES}",
        )
        for place, (line, xs) in enumerate(zip(lines, logs, strict=True))
    ]
    losses = [min(loss, MOST * line.losses[0]) for line in lines for loss in line.losses]
    return draw_lines(
        series,
        axis,
        fit_axis(losses),
        words=f"Smoothed loss over the learning rate, {min(losses):.3g} at its lowest.",
        x_name="learning rate",
        y_name="smoothed loss",
        width=460,
        height=280,
    )


def _gap(line: RateLine, place: int) -> float:
    assert line.suggested is not None
    return abs(math.log(line.rates[place] / line.suggested))


def as_svg(drawing: Drawing) -> bytes:
    """A drawing that has a width as an SVG file of its own, in light colours."""
    assert drawing.width is not None, "a drawing that stretches has no size of its own"
    css = files("podium.report").joinpath("templates", "report.css").read_text(encoding="utf-8")
    colours = "".join(f"--{name}: {value};" for name, value in light_colours(css).items())
    style = Markup("<style>svg {{{}font: 11px sans-serif; background: var(--card)}}\n{}</style>")
    size = Markup('<svg xmlns="http://www.w3.org/2000/svg" viewBox="-12 -12 {:.0f} {:.0f}">')
    start = size.format(drawing.width + 24, drawing.height + 24)
    rules = "\n".join(rule for rule in paint_css().splitlines() if rule.startswith("svg "))
    shapes = Markup("").join(shape.svg(lambda x: f"{x:.1f}") for shape in drawing.shapes)
    body = style.format(Markup(colours), Markup(rules)) + Markup("<title>{}</title>").format(drawing.words) + shapes
    return str(start + body + Markup("</svg>\n")).encode()
