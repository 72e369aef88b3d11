"""What can be said of an image without looking at what it shows: light, size, kind of file, place in the table."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from podium.auditing.looked_at import LookedAt

__all__ = ["TRAITS", "bin_traits", "traits_of"]

TRAITS = (
    "brightness",
    "contrast",
    "sharpness",
    "width",
    "height",
    "shape",
    "bytes per pixel",
    "kind of file",
    "number in the name",
    "place in the table",
)
_N_BINS = 16
_LAST_NUMBER = re.compile(r"(\d+)\D*$")
_FEW_NAMES = 64


def traits_of(looked: LookedAt) -> dict[str, NDArray[np.float64] | NDArray[np.object_]]:
    """Columns of N usable images by their names; numbers, or texts for the kind of file.

    The number in a name is missing where most names have none, the place in the table where rows come in the order of
    their names, which it would only repeat.
    """
    audit, (contrast, sharpness) = looked.audit, looked.looks
    width, height = audit.width.astype(np.float64), audit.height.astype(np.float64)
    found: dict[str, NDArray[np.float64] | NDArray[np.object_]] = {
        "brightness": audit.brightness,
        "contrast": contrast,
        "sharpness": sharpness,
        "width": width,
        "height": height,
        "shape": width / np.maximum(height, 1),
        "bytes per pixel": audit.n_bytes / np.maximum(width * height, 1),
        "kind of file": _kinds(looked),
    }
    numbers = _numbers(looked.samples.paths)
    if np.isfinite(numbers).mean() > 0.9:
        found["number in the name"] = np.nan_to_num(numbers, nan=-1.0)
    names = looked.samples.ids.tolist()
    if names != sorted(names):
        found["place in the table"] = np.arange(len(names), dtype=np.float64)
    return found


def _kinds(looked: LookedAt) -> NDArray[np.object_]:
    audit = looked.audit
    turned = np.where(audit.orientation > 1, " turned", "").astype(object)
    return np.asarray(audit.format + np.full(len(audit), " ", dtype=object) + audit.mode + turned, dtype=object)


def _numbers(paths: NDArray[np.object_]) -> NDArray[np.float64]:
    found = (_LAST_NUMBER.search(PurePosixPath(path).stem) for path in paths)
    return np.array([float(number[1][-15:]) if number else np.nan for number in found])


def bin_traits(values: NDArray[np.float64] | NDArray[np.object_]) -> NDArray[np.int64]:
    """Bins numbered from 0, shape (N,): each value its own where there are few, else at most 16 of equal counts.

    Example:
        >>> bin_traits(np.array([5.0, 7.0, 5.0])).tolist(), int(bin_traits(np.arange(1600.0)).max())
        ([0, 1, 0], 15)
    """
    if values.dtype == object:
        names, number, counts = np.unique(values.astype(str), return_inverse=True, return_counts=True)
        order = np.argsort(np.argsort(-counts, kind="stable"))
        return np.minimum(order[number], _FEW_NAMES - 1) if len(names) > _FEW_NAMES else number
    distinct, number = np.unique(values, return_inverse=True)
    if len(distinct) <= _N_BINS:
        return number
    edges = np.unique(np.quantile(values, np.arange(1, _N_BINS) / _N_BINS))
    return np.searchsorted(edges, values, side="right")
