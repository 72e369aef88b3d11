"""The colours of drawings: one table, which the page takes as style sheet and PNG files as numbers.

The names of colours are the variables of the style sheet, so drawings on the page follow light and dark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["DARK_FROM", "N_LINES", "PAINTS", "Paint", "light_colours", "paint_css"]

N_LINES = 12
"""Lines of one chart that look different: six colours, solid and dashed."""
_N_COLOURS = 6
DARK_FROM = 6
"""From this shade on, a cell's number stands in the colour of the page."""


@dataclass(frozen=True)
class Paint:
    """How shapes of one kind look.

    Args:
        fill: Colour of the area; "" leaves it open.
        stroke: Colour of the line; "" draws none.
        width: Width of the line in px.
        dash: Lengths of dashes and gaps in px; empty for a solid line.
        share: Share of the fill that is mixed into the colour of a card.
    """

    fill: str = ""
    stroke: str = ""
    width: float = 1.0
    dash: tuple[float, ...] = ()
    share: float = 1.0


def _cell(tone: str, shade: int) -> Paint:
    return Paint(fill=tone, share=0.0 if shade == 0 else min(1.0, 0.02 + shade / 10))


PAINTS = {
    "text": Paint(fill="soft"),
    "on-light": Paint(fill="ink"),
    "on-dark": Paint(fill="page"),
    "grid": Paint(stroke="grid"),
    "chance": Paint(stroke="soft", dash=(3, 4)),
    "faint": Paint(stroke="faint"),
    "trace": Paint(stroke="accent", width=2),
    "range": Paint(stroke="accent", width=2),
    "dot": Paint(fill="accent", stroke="page", width=1.5),
    "dot-faint": Paint(fill="faint"),
    "dot-other": Paint(fill="faint"),
    "dot-wrong": Paint(fill="care", stroke="page"),
    "frame": Paint(fill="card", stroke="grid"),
    "area": Paint(fill="accent-soft"),
    "bar": Paint(fill="accent"),
    "wrong": Paint(fill="care"),
    **{
        f"line-{place}": Paint(stroke=f"c{place % _N_COLOURS}", width=1.5, dash=(5, 3) if place >= _N_COLOURS else ())
        for place in range(N_LINES)
    },
    **{f"dot-{place}": Paint(fill=f"c{place % _N_COLOURS}", stroke="page") for place in range(N_LINES)},
    **{
        f"{name}-{shade}": _cell(tone, shade)
        for name, tone in (("hit", "accent"), ("miss", "care"))
        for shade in range(11)
    },
}
"""How each kind of shape looks; `hit` and `miss` are cells of a confusion matrix in eleven shades."""


def paint_css() -> str:
    """The style sheet of all kinds: of shapes in drawings, and of the cells of a table."""
    rules = []
    for kind, paint in PAINTS.items():
        if kind.startswith(("hit", "miss")):
            mixed = f"color-mix(in srgb, var(--{paint.fill}) {paint.share:.0%}, var(--card))"
            ink = " color: var(--page);" if int(kind.split("-")[1]) >= DARK_FROM else ""
            rules.append(f"td.{kind} {{ background: {mixed};{ink} }}")
        else:
            rules.append(f"svg .{kind} {{ {_css_of(paint)} }}")
    return "\n".join(rules) + "\n"


def _css_of(paint: Paint) -> str:
    text = f"fill: var(--{paint.fill});" if paint.fill else "fill: none;"
    if paint.stroke:
        text += f" stroke: var(--{paint.stroke}); stroke-width: {paint.width:g};"
    if paint.dash:
        text += f" stroke-dasharray: {' '.join(f'{length:g}' for length in paint.dash)};"
    return text


def light_colours(css: str) -> dict[str, str]:
    """Colours by name, as a style sheet's first block gives them."""
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", css.split("}", 1)[0]))
