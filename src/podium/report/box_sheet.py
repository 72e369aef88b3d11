"""A sheet of images with the boxes that were found drawn in, so that a person can look."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from podium.images import Limits, decode_file
from podium.report.contact_sheet import Picture, draw_sheet
from podium.tables import Boxes, Samples

__all__ = ["COLOURS", "draw_box_sheet", "draw_boxes", "rows_in_turn"]

_SIDE_PX = 160
_COLUMNS = 6
_GREY = 235
COLOURS = {"red": (230, 60, 40), "blue": (30, 110, 230), "green": (20, 160, 80), "orange": (200, 130, 0)}
_COLOURS = tuple(COLOURS.values())


def rows_in_turn(source: Sequence[str], n: int) -> list[int]:
    """The first `n` rows with every source in turn, so that rare ones are seen.

    Example:
        >>> rows_in_turn(["a", "a", "a", "b"], 3)
        [0, 3, 1]
    """
    turn: dict[str, int] = {}
    keys = []
    for row, name in enumerate(source):
        turn[name] = turn.get(name, -1) + 1
        keys.append((turn[name], row))
    return [row for _, row in sorted(keys)[:n]]


def draw_box_sheet(
    title: str, samples: Samples, regions: dict[str, Boxes], rows: Sequence[int], limits: Limits
) -> bytes:
    """A PNG file; it carries its digest.

    Args:
        title: What stands above all.
        samples: The images.
        regions: Their boxes by region, each in a colour.
        rows: Which images are shown, at least one.
        limits: How files are decoded.
    """
    pictures = []
    for row in rows:
        decoded = decode_file(samples.file(row), limits=limits, with_facts=False)
        pixels = np.full((_SIDE_PX, _SIDE_PX, 3), _GREY, np.uint8)
        if decoded.pixels is not None:
            pixels = draw_boxes(decoded.pixels, [boxes.take(np.array([row])) for boxes in regions.values()])
        pictures.append(Picture(pixels, _words(samples.ids[row], regions, row)))
    blank = Picture(np.full((_SIDE_PX, _SIDE_PX, 3), 255, np.uint8), "")
    n_columns = min(_COLUMNS, len(pictures))
    pictures += [blank] * (-len(pictures) % n_columns)
    lines = [pictures[start : start + n_columns] for start in range(0, len(pictures), n_columns)]
    return draw_sheet(title, [""] * n_columns, lines)


def _words(name: str, regions: dict[str, Boxes], row: int) -> str:
    boxes = next(iter(regions.values()))
    score = "" if np.isnan(boxes.score[row]) else f" {boxes.score[row]:.2f}"
    return f"{name[-44:]} {boxes.source[row]}{score}"


def draw_boxes(pixels: NDArray[np.uint8], regions: Sequence[Boxes]) -> NDArray[np.uint8]:
    """An image (H, W, 3) in a square, with the box of each region, and the points of the first.

    Args:
        pixels: The image.
        regions: Boxes of this one image.
    """
    height, width = pixels.shape[:2]
    scale = _SIDE_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    canvas = np.full((_SIDE_PX, _SIDE_PX, 3), _GREY, np.uint8)
    canvas[: size[1], : size[0]] = small
    for boxes, colour in zip(regions, _COLOURS * len(regions), strict=False):
        if boxes.is_there[0]:
            x0, y0, x1, y1 = np.round(boxes.corners[0] * scale).astype(int).tolist()
            cv2.rectangle(canvas, (x0, y0), (min(x1, size[0]) - 1, min(y1, size[1]) - 1), colour, 2)
    points = regions[0].points[0] * scale if regions else np.zeros((0, 2))
    for x, y in points[~np.isnan(points).any(axis=1)].round().astype(int).tolist():
        cv2.circle(canvas, (x, y), 2, _COLOURS[2], -1)
    return canvas
