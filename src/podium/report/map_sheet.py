"""Maps laid over the images that they explain, as sheets of five by five."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from podium.report.contact_sheet import Picture, draw_sheet

__all__ = ["draw_map_sheet", "overlay"]

COLUMNS = 5
_SIDE_PX = 160
_STRENGTH = 0.65
_FULL = 0.99
"""Share of the places below full colour: in fine maps the very highest are single pixels."""


def overlay(picture: NDArray[np.uint8], values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """An image (H, W, 3) with a map (H, W) of the same frame over it; where the map is 0 the image stays as it is.

    The colours are those of "turbo"; the highest places are the most opaque.
    """
    top = float(np.quantile(values, _FULL)) or float(values.max())
    share = np.minimum(values / top, 1) if top > 0 else np.zeros_like(values)
    colours = cv2.applyColorMap((255 * share).round().astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1]
    opacity = (_STRENGTH * share)[..., None]
    mixed = picture * (1 - opacity) + colours * opacity
    return np.asarray(mixed.round(), dtype=np.uint8)


def draw_map_sheet(
    title: str, pictures: NDArray[np.uint8], maps: NDArray[np.float32], words: Sequence[str], *, columns: int = COLUMNS
) -> bytes:
    """A PNG file; it carries its digest, see `own_png.py`.

    Args:
        title: What stands above all.
        pictures: What the network saw, uint8 (M, H, W, 3), at least one.
        maps: A map of each, (M, H, W).
        words: What stands below each.
        columns: Images in a row.
    """
    height, width = pictures.shape[1:3]
    scale = _SIDE_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    tiles = [
        Picture(np.asarray(cv2.resize(overlay(picture, values), size, interpolation=how), dtype=np.uint8), line)
        for picture, values, line in zip(pictures, maps, words, strict=True)
    ]
    blank = Picture(np.full((size[1], size[0], 3), 255, np.uint8), "")
    tiles += [blank] * (-len(tiles) % columns)
    return draw_sheet(
        title, [""] * columns, [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    )
