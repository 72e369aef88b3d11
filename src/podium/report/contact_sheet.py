"""A sheet of small images in rows, each with words below it, as PNG: pixels stand as they are, one for one."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from podium.report.own_png import sign_png
from podium.report.raster import FONTS

__all__ = ["Picture", "draw_sheet"]

_DPI = 100
_GAP, _HEAD, _LINE = 10, 34, 13
_SMALL_PX = 72
"""Smaller images are enlarged by a whole factor, with sharp pixels."""
_LETTER_PX = 6.2
_MOST_LINES = 3


@dataclass(frozen=True, eq=False)
class Picture:
    """An image with words below it.

    Args:
        pixels: uint8 RGB (H, W, 3).
        words: What it shows.
    """

    pixels: NDArray[np.uint8]
    words: str


def draw_sheet(title: str, columns: Sequence[str], rows: Sequence[Sequence[Picture]]) -> bytes:
    """A PNG file; it carries its digest, see `own_png.py`.

    Args:
        title: What stands above all.
        columns: What stands above each column.
        rows: Pictures of one size, as many in each row as there are columns.
    """
    from matplotlib import font_manager
    from matplotlib.figure import Figure

    high, wide = _enlarged(rows[0][0].pixels).shape[:2]
    n_lines = max(len(_wrap(picture.words, wide)) for row in rows for picture in row)
    cell_height = high + _LINE * n_lines + _GAP
    width, height = _GAP + (wide + _GAP) * len(columns), _HEAD + _LINE + cell_height * len(rows) + _GAP
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    known = {font.name for font in font_manager.fontManager.ttflist}
    style: dict[str, Any] = {"family": [name for name in FONTS if name in known] or ["sans-serif"], "parse_math": False}

    def write(x: float, y: float, words: str, **more: Any) -> None:
        figure.text(x / width, 1 - y / height, words, fontsize=7.5, va="top", **style, **more)

    write(_GAP, 6, "\n".join(textwrap.wrap(title, int((width - 2 * _GAP) / _LETTER_PX))[:1]), weight="bold")
    for place, words in enumerate(columns):
        write(_GAP + place * (wide + _GAP), _HEAD - 8, words, color="0.4")
    for line, row in enumerate(rows):
        top = _HEAD + _LINE + line * cell_height
        for place, picture in enumerate(row):
            left = _GAP + place * (wide + _GAP)
            figure.figimage(_enlarged(picture.pixels), left, height - top - high, origin="upper")
            write(left, top + high + 2, "\n".join(_wrap(picture.words, wide)))
    return _encode(figure)


def _encode(figure: Any) -> bytes:
    buffer = BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a box instead of a letter is no failure
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return sign_png(buffer.getvalue())


def _enlarged(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    factor = max(1, -(-_SMALL_PX // pixels.shape[1]))
    size = (pixels.shape[1] * factor, pixels.shape[0] * factor)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)


def _wrap(words: str, width_px: int) -> list[str]:
    lines = textwrap.wrap(words, max(6, int(width_px / _LETTER_PX)), max_lines=_MOST_LINES, placeholder=" ...")
    return lines or [""]
