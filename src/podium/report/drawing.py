"""A drawing is a list of shapes. The page takes it as SVG, a file as PNG (`raster.py`).

Shapes name their kind, and `paint.py` says how each kind looks; no element carries a `style`, so the page's content
policy needs no exception. A drawing along one line has no width: its x is percent, and it stretches with its column,
while strokes and dots keep their size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

__all__ = ["Anchor", "Dot", "Drawing", "Line", "Rect", "Shape", "Text", "Trace"]

Anchor = Literal["start", "middle", "end"]
_Place = Callable[[float], str]


@dataclass(frozen=True)
class Line:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    kind: str

    def svg(self, place: _Place) -> Markup:
        """The element; `place` writes an x."""
        text = Markup('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>')
        return text.format(self.kind, place(self.x1), place(self.x2), _px(self.y1), _px(self.y2))


@dataclass(frozen=True)
class Rect:
    """An area with its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    radius: float = 0.0

    def svg(self, place: _Place) -> Markup:
        """The element; `place` writes an x."""
        text = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"{}/>')
        corner = Markup(' rx="{}"').format(_px(self.radius)) if self.radius else ""
        return text.format(self.kind, place(self.x), _px(self.y), place(self.width), _px(self.height), corner)


@dataclass(frozen=True)
class Dot:
    """A circle."""

    x: float
    y: float
    radius: float
    kind: str = "dot"

    def svg(self, place: _Place) -> Markup:
        """The element; `place` writes an x."""
        text = Markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>')
        return text.format(self.kind, place(self.x), _px(self.y), _px(self.radius))


@dataclass(frozen=True)
class Trace:
    """A line through points; only in drawings that have a width."""

    points: tuple[tuple[float, float], ...]
    kind: str

    def svg(self, place: _Place) -> Markup:
        """The element; `place` writes an x."""
        points = " ".join(f"{place(x)},{_px(y)}" for x, y in self.points)
        return Markup('<polyline class="{}" points="{}"/>').format(self.kind, points)


@dataclass(frozen=True)
class Text:
    """Words, with the end of their base line that lies at x and y; `turned` runs upwards."""

    x: float
    y: float
    words: str
    anchor: Anchor = "middle"
    kind: str = "text"
    turned: bool = False

    def svg(self, place: _Place) -> Markup:
        """The element; `place` writes an x."""
        assert not self.turned, "the page turns no words"
        text = Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>')
        return text.format(self.kind, place(self.x), _px(self.y), self.anchor, self.words)


Shape = Line | Rect | Dot | Trace | Text


@dataclass(frozen=True)
class Drawing:
    """Shapes on a sheet whose y points down.

    Args:
        words: What the drawing says, for readers who do not see it.
        shapes: From back to front.
        width: In px; None where x is percent and the drawing stretches.
        height: In px.
    """

    words: str
    shapes: tuple[Shape, ...]
    width: float | None
    height: float

    def __html__(self) -> str:
        """The drawing as an SVG element; templates call it."""
        if self.width is None:
            size, place = Markup('class="strip" width="100%" height="{}"').format(_px(self.height)), _percent
        else:
            size, place = Markup('class="chart" viewBox="0 0 {} {}"').format(_px(self.width), _px(self.height)), _px
        start = Markup('<svg {} role="img" aria-label="{}">').format(size, self.words)
        return start + Markup("").join(shape.svg(place) for shape in self.shapes) + Markup("</svg>")


def _px(value: float) -> str:
    assert math.isfinite(value)
    return f"{value:.1f}".removesuffix(".0")


def _percent(value: float) -> str:
    assert math.isfinite(value)
    return f"{value:.2f}%"
