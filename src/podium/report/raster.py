"""Drawings as PNG, in light colours. matplotlib only fills the shapes; it chooses no place, size or colour."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any

from podium.report.drawing import Dot, Drawing, Line, Rect, Shape, Text, Trace
from podium.report.own_png import sign_png
from podium.report.paint import PAINTS, light_colours

if TYPE_CHECKING:
    from matplotlib.artist import Artist

__all__ = ["FONTS", "as_png"]

_DPI = 200
_PT = 0.72
"""Points of a px where an inch has a hundred."""
_MARGIN, _GAP, _TITLE = 16.0, 28.0, 26.0
FONTS = [
    "DejaVu Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "NanumGothic",
]
_ALIGN = {"start": "left", "middle": "center", "end": "right"}


def as_png(title: str, drawings: Sequence[Drawing]) -> bytes:
    """A PNG file of drawings that have a width, side by side under a title; it carries its digest, see `own_png.py`."""
    from matplotlib.figure import Figure
    from matplotlib.transforms import Affine2D

    width = 2 * _MARGIN + sum(drawing.width or 0 for drawing in drawings) + _GAP * (len(drawings) - 1)
    height = 2 * _MARGIN + _TITLE + max(drawing.height for drawing in drawings)
    figure = Figure(figsize=(width / 100, height / 100), dpi=_DPI)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    brush = _Brush()
    left, top = _MARGIN, _MARGIN + _TITLE
    placed: list[tuple[Shape, float, float]] = [(Text(_MARGIN, _MARGIN + 10, title, "start", "on-light"), 0, 0)]
    for drawing in drawings:
        assert drawing.width is not None, "a drawing that stretches has no size of its own"
        placed += [(shape, left, top) for shape in drawing.shapes]
        left += drawing.width + _GAP
    for order, (shape, x, y) in enumerate(placed):
        artist = brush.make_artist(shape)
        artist.set_zorder(order)
        artist.set_transform(Affine2D().translate(x, y) + axes.transData)
        axes.add_artist(artist)
    return _encode(figure)


def _encode(figure: Any) -> bytes:
    buffer = BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a box instead of a letter is no failure
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return sign_png(buffer.getvalue())


class _Brush:
    """Turns shapes into artists of matplotlib."""

    def __init__(self) -> None:
        from matplotlib import font_manager

        css = files("podium.report").joinpath("templates", "report.css").read_text(encoding="utf-8")
        self._colours = light_colours(css)
        installed = {font.name for font in font_manager.fontManager.ttflist}
        self._fonts = [name for name in FONTS if name in installed] or ["sans-serif"]

    def make_artist(self, shape: Shape) -> Artist:
        from matplotlib import lines, patches, text

        match shape:
            case Line(x1, y1, x2, y2):
                return lines.Line2D([x1, x2], [y1, y2], **self._pen(shape.kind))
            case Trace(points):
                return lines.Line2D(*zip(*points, strict=True), **self._pen(shape.kind))
            case Rect(x, y, width, height):
                return patches.Rectangle((x, y), width, height, **self._area(shape.kind))
            case Dot(x, y, radius):
                return patches.Circle((x, y), radius, **self._area(shape.kind))
            case Text(x, y, words, anchor):
                fill = self._colours[PAINTS[shape.kind].fill]
                # Names from the data hold no formulas.
                found = text.Text(x, y, words, color=fill, fontsize=11 * _PT, parse_math=False)
                found.set(ha=_ALIGN[anchor], va="baseline", family=self._fonts, rotation=90 if shape.turned else 0)
                return found

    def _pen(self, kind: str) -> dict[str, Any]:
        paint = PAINTS[kind]
        style = (0, tuple(length / paint.width for length in paint.dash)) if paint.dash else "-"  # in line widths
        return {"color": self._colours[paint.stroke], "linewidth": paint.width * _PT, "linestyle": style}

    def _area(self, kind: str) -> dict[str, Any]:
        paint = PAINTS[kind]
        edge = self._colours[paint.stroke] if paint.stroke else "none"
        fill = _mix(self._colours[paint.fill], self._colours["card"], paint.share)
        return {"facecolor": fill, "edgecolor": edge, "linewidth": paint.width * _PT if paint.stroke else 0}


def _mix(colour: str, base: str, share: float) -> tuple[float, ...]:
    """A share of a colour over a base, as CSS mixes them in sRGB."""
    over, under = ([int(text[place : place + 2], 16) / 255 for place in (1, 3, 5)] for text in (colour, base))
    return tuple(share * a + (1 - share) * b for a, b in zip(over, under, strict=True))
