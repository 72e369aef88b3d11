"""The worst mistakes of a target as one picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from podium.images import decode_file
from podium.report.contact_sheet import Picture, draw_sheet
from podium.report.mistakes_section import MistakesSection
from podium.store import RunFolder
from podium.tables import load_samples

__all__ = ["draw_mistakes"]

_SIDE_PX = 96
_COLUMNS = 4
_MOST = 12


def draw_mistakes(run: RunFolder, mistakes: MistakesSection) -> bytes | None:
    """A PNG file with up to twelve images, their labels and their answers; None without any that can be shown."""
    samples = load_samples(run.path)
    shown = []
    for mistake in mistakes.mistakes[:_MOST]:
        decoded = decode_file(samples.file(int(samples.rows_of([mistake.image])[0])), target_px=_SIDE_PX)
        if decoded.pixels is not None:
            truth, answer = (", ".join(names) or "none" for names in (mistake.truth, mistake.answer))
            shown.append(Picture(_squared(decoded.pixels), f"{truth}: taken for {answer}, {mistake.prob:.0%}"))
    if not shown:
        return None
    blank = Picture(np.full((_SIDE_PX, _SIDE_PX, 3), 255, dtype=np.uint8), "")
    shown += [blank] * (-len(shown) % _COLUMNS)
    rows = [shown[start : start + _COLUMNS] for start in range(0, len(shown), _COLUMNS)]
    title = f"{mistakes.name}: {mistakes.n_wrong} of {mistakes.n} wrong, the surest first"
    return draw_sheet(title, [""] * _COLUMNS, rows)


def _squared(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    padded = ImageOps.pad(Image.fromarray(pixels), (_SIDE_PX, _SIDE_PX), color=(255, 255, 255))
    return np.asarray(padded, dtype=np.uint8)
