"""How much of the maps lies inside the boxes, by class, for right and for wrong answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from podium.explain.explanation import Energy, ShownImage

__all__ = ["sum_energy"]

_LEVEL = 0.95


def sum_energy(shown: Sequence[ShownImage]) -> list[Energy]:
    """The means of all images, then of each sheet, with intervals over the images; empty without boxes."""
    lines = []
    for name in ("", *dict.fromkeys(image.sheet for image in shown)):
        some = [image for image in shown if image.energy is not None and name in ("", image.sheet)]
        if some:
            lines.append(_line(name, some))
    return lines


def _line(name: str, some: Sequence[ShownImage]) -> Energy:
    inside, area = (np.array([getattr(image, key) for image in some], dtype=np.float64) for key in ("energy", "area"))
    is_right = np.array([bool(image.is_right) for image in some])
    right, wrong = inside[is_right], inside[~is_right]
    return Energy(
        name,
        len(right),
        float(right.mean()) if len(right) else None,
        len(wrong),
        float(wrong.mean()) if len(wrong) else None,
        float(area.mean()),
        _bounds(right, 0.0, 1.0),
        _bounds(wrong, 0.0, 1.0),
        float((inside - area).mean()),
        _bounds(inside - area, -1.0, 1.0),
    )


def _bounds(values: np.ndarray, least: float, most: float) -> tuple[float, float] | None:
    """Bounds of a mean by Student's t; None with fewer than two values."""
    from scipy.special import stdtrit

    if len(values) < 2:
        return None
    half = float(stdtrit(len(values) - 1, (1 + _LEVEL) / 2) * values.std(ddof=1) / len(values) ** 0.5)
    mean = float(values.mean())
    return max(least, mean - half), min(most, mean + half)
