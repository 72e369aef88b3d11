"""One image under every corruption, as a sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from podium.corruptions import Corruption
from podium.workflows.predict_corrupted import CorruptedPredictions

__all__ = ["draw_corruptions"]

_SHOWN_PX = 112


def draw_corruptions(maker: CorruptedPredictions, chosen: Sequence[Corruption], severities: Sequence[int]) -> bytes:
    """One image, clean and under every corruption: what the network gets, or what the file would look like."""
    from podium.images import resize_to
    from podium.report.contact_sheet import Picture, draw_sheet

    row = int(maker.rows[len(maker.rows) // 2])

    def picture(one: Corruption | None, severity: int) -> Picture:
        pixels = maker.images.make(np.array([row]), one, severity).pixels[0]
        scale = _SHOWN_PX / max(pixels.shape[:2])
        height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
        words = "clean" if one is None else one.levels[severity - 1]
        return Picture(resize_to(pixels, height, width), words)

    clean = picture(None, 0)
    rows = [[Picture(clean.pixels, one.name), *(picture(one, severity) for severity in severities)] for one in chosen]
    columns = ["clean", *(f"severity {severity}" for severity in severities)]
    return draw_sheet(f"Corruptions of {maker.samples.ids[row]}", columns, rows)
