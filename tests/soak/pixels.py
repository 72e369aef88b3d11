"""R11: the pixels that a model sees are those that were stored, for every mode, format and EXIF orientation.

Random images are stored by hand (PNG, TIFF) or by the codec (JPEG, WebP, ...), and compared with what they should
look like, by code that shares nothing with Podium.
"""

from __future__ import annotations

import itertools
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.images import Outcome, decode_bytes

from .picture_kinds import TURNED, UNDECODED, UNTURNED, Make
from .trial import Figure, Trial, count

__all__ = ["CASES", "TRIALS"]

CASES: tuple[tuple[str, Make, int], ...] = (
    *((name, make, orientation) for name, make in TURNED.items() for orientation in range(1, 9)),
    *((name, make, 1) for name, make in UNTURNED.items()),
)


def upright(levels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """The image turned, pixel by pixel as the EXIF standard describes the eight places of row 0 and column 0."""
    height, width = levels.shape[:2]
    row, column = np.mgrid[:height, :width]
    last_row, last_column = height - 1 - row, width - 1 - column
    to = {
        1: (row, column),
        2: (row, last_column),
        3: (last_row, last_column),
        4: (last_row, column),
        5: (column, row),
        6: (column, last_row),
        7: (last_column, last_row),
        8: (last_column, row),
    }[orientation]
    turned = np.empty((width, height, 3) if orientation > 4 else (height, width, 3))
    turned[to] = levels
    return turned


def _try(make: Make, orientation: int, number: int, worst: dict[str, float]) -> str | None:
    stored = make(np.random.default_rng([11, number]), orientation)
    result = decode_bytes(stored.data)
    if result.pixels is None or result.facts is None:
        return f"{result.outcome}: {result.reason}"
    expected = upright(stored.levels, orientation)
    if result.pixels.shape != expected.shape:
        return f"shape {result.pixels.shape}, expected {expected.shape}"
    if (result.facts.height, result.facts.width, result.facts.orientation) != (*expected.shape[:2], orientation):
        return f"facts {result.facts.height}x{result.facts.width}, orientation {result.facts.orientation}"
    off = float(np.abs(result.pixels - expected).max())
    kind = "lossy" if stored.is_lossy else "lossless"
    worst[kind] = max(worst.get(kind, 0.0), off)
    return None if off <= stored.tolerance + 1e-9 else f"{off:.2f} levels off, {stored.tolerance:.2f} allowed"


def _pixels(n: int, folder: Path) -> Figure:
    worst: dict[str, float] = {}
    chosen = enumerate(itertools.islice(itertools.cycle(CASES), n))
    figure = count(
        (f"{name}, orientation {orientation}, image {k}", partial(_try, make, orientation, k, worst))
        for k, (name, make, orientation) in chosen
    )
    shown = ", ".join(f"{kind} files at most {off:.2f} levels off" for kind, off in sorted(worst.items()))
    return Figure(figure.tried, figure.held, f"{len(TURNED) + len(UNTURNED)} kinds; {shown}", figure.failures)


def _refuse(make: Make, number: int) -> str | None:
    result = decode_bytes(make(np.random.default_rng([12, number]), 1).data)
    is_named = result.outcome is Outcome.UNSUPPORTED_FORMAT and bool(result.reason)
    return None if is_named else f"{result.outcome}: {result.reason}"


def _undecoded(n: int, folder: Path) -> Figure:
    chosen = enumerate(itertools.islice(itertools.cycle(UNDECODED.items()), n))
    return count((name, partial(_refuse, make, k)) for k, (name, make) in chosen)


TRIALS: tuple[Trial, ...] = (
    Trial("R11", "pixels of every mode, format and orientation", _pixels, 20 * len(CASES), len(CASES)),
    Trial("R11", "modes that are not decoded are refused by name", _undecoded, 10 * len(UNDECODED), len(UNDECODED)),
)
