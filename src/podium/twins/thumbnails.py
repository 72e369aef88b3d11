"""Thumbnails: a second look at two images whose hashes are close.

A hash says how two images are laid out. Where all images of a set are laid out alike (a product on white, a
solar cell, a hand on a wall) close hashes mean nothing. So the look of the whole set is taken out first: its mean
and its main components. What two images still share then is what makes them one photo.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.durable import ONE_PASS_BYTES, PageBudget
from podium.errors import UsageError
from podium.twins.close_pairs import find_close_pairs
from podium.twins.union import join_pairs

__all__ = ["Likeness", "make_thumbnails"]

SIDE_PX = 16
_READ_AT_ONCE = 64
_PAIRS_AT_ONCE = 16_384
_FITTED_ROWS = 4_096
_ROWS_PER_COMPONENT = 64
_MOST_COMPONENTS = 16
_DISTINCT_DISTANCE = 4
# Chosen on real sets, 2026-11 (asserted in tests/twins/test_thumbnails.py): with hashes within 10 bits, 0.9 after
# taking out 16 components finds all 561 near-identical mask_pairs at precision 0.999, and no false pair among 2,062
# sign_digits, where the hash alone accuses 3,728.
_LEAST_UNUSUAL = 0.90
_LEAST_PLAIN = 0.95
_SAME_PHOTO = 0.995


def make_thumbnails(pixels: NDArray[np.uint8], rows: NDArray[np.integer] | None = None) -> NDArray[np.uint8]:
    """Grey thumbnails of decoded images, by averaging areas.

    Args:
        pixels: Images, shape (N, H, W, 3) or grey (N, H, W), uint8; a memory map is read a piece at a time.
        rows: Images to take, in this order, shape (M,); None takes all.

    Returns:
        Shape (M, 16, 16), uint8.

    Example:
        >>> make_thumbnails(np.full((2, 64, 48, 3), 7, np.uint8)).shape
        (2, 16, 16)
    """
    if pixels.ndim not in (3, 4) or pixels.dtype != np.uint8:
        raise UsageError(f"expected uint8 images of shape (N, H, W[, 3]), got {pixels.dtype} {pixels.shape}.")
    rows = np.arange(len(pixels)) if rows is None else np.asarray(rows)
    small = np.empty((len(rows), SIDE_PX, SIDE_PX), dtype=np.uint8)
    pages = PageBudget(pixels, ONE_PASS_BYTES)
    for start in range(0, len(rows), _READ_AT_ONCE):
        part = slice(start, start + _READ_AT_ONCE)
        read = np.asarray(pixels[rows[part]])
        small[part] = _average_areas(read)
        pages.count(read.nbytes)
    return small


def _average_areas(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = images.shape[1:3]
    if min(height, width) < SIDE_PX:
        tall = np.arange(SIDE_PX) * height // SIDE_PX if height < SIDE_PX else np.arange(height)
        wide = np.arange(SIDE_PX) * width // SIDE_PX if width < SIDE_PX else np.arange(width)
        images = images[:, tall][:, :, wide]
        height, width = images.shape[1:3]
    rows, columns = np.arange(SIDE_PX) * height // SIDE_PX, np.arange(SIDE_PX) * width // SIDE_PX
    totals = np.add.reduceat(images, rows, axis=1, dtype=np.uint32)
    totals = np.add.reduceat(totals, columns, axis=2, dtype=np.uint32)
    area = np.diff(np.append(rows, height))[:, None] * np.diff(np.append(columns, width))[None, :]
    grey = totals.mean(axis=3) if totals.ndim == 4 else totals.astype(np.float64)
    return np.asarray(np.round(grey / area), dtype=np.uint8)


class Likeness:
    """Whether two images of a set show one photo, from their thumbnails.

    Args:
        thumbnails: Shape (N, h, w), uint8, of at least 8x8.
        hashes: Perceptual hashes, uint64 (N,); used to leave repeated images out of the look of the set, which
            they would otherwise be taken for.
    """

    def __init__(self, thumbnails: NDArray[np.uint8], hashes: NDArray[np.uint64]) -> None:
        if thumbnails.ndim != 3 or thumbnails.dtype != np.uint8 or len(thumbnails) != len(hashes):
            raise UsageError(
                f"expected {len(hashes)} uint8 thumbnails of shape (N, h, w),"
                f" got {thumbnails.dtype} {thumbnails.shape}."
            )
        flat = thumbnails.reshape(len(thumbnails), -1)
        sample = np.unique(np.linspace(0, len(flat) - 1, min(len(flat), _FITTED_ROWS)).astype(np.int64))
        near, _, _ = find_close_pairs(hashes[sample], _DISTINCT_DISTANCE)
        distinct = sample[np.unique(join_pairs(len(sample), near), return_index=True)[1]]
        n_components = min(_MOST_COMPONENTS, len(distinct) // _ROWS_PER_COMPONENT)
        mean, components = _look_of_the_set(_normalise(flat[distinct]), n_components)
        self._least = _LEAST_UNUSUAL if n_components else _LEAST_PLAIN
        self._plain = flat
        self._unusual = np.empty(flat.shape, dtype=np.float16)
        for start in range(0, len(flat), _PAIRS_AT_ONCE):
            part: NDArray[np.float32] = _normalise(flat[start : start + _PAIRS_AT_ONCE]) - mean
            self._unusual[start : start + _PAIRS_AT_ONCE] = _to_length_one(
                np.asarray(part - (part @ components.T) @ components, dtype=np.float32)
            )

    def is_same_photo(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether rows `first` and `second`, shape (M,) each, show one photo, pair by pair; shape (M,)."""
        verdict = np.empty(len(first), dtype=bool)
        for start in range(0, len(first), _PAIRS_AT_ONCE):
            part = slice(start, start + _PAIRS_AT_ONCE)
            one, other = first[part], second[part]
            verdict[part] = _dots(self._unusual[one], self._unusual[other]) >= self._least
            rest = np.flatnonzero(~verdict[part])
            plain = _dots(_normalise(self._plain[one[rest]]), _normalise(self._plain[other[rest]]))
            verdict[start + rest] = plain >= _SAME_PHOTO
        return verdict


def _look_of_the_set(
    vectors: NDArray[np.float32], n_components: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean, shape (D,), and main components, shape (n_components, D); nothing at all for a small set."""
    if n_components == 0:
        return np.zeros(vectors.shape[1], np.float32), np.zeros((0, vectors.shape[1]), np.float32)
    mean = vectors.mean(axis=0)
    centred = (vectors - mean).astype(np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)
    return mean, np.ascontiguousarray(directions[:, ::-1][:, :n_components].T, dtype=np.float32)


def _normalise(flat: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Rows with mean 0 and length 1, shape (N, D); a uniform image becomes 0 and so is like nothing."""
    values = flat.astype(np.float32)
    return _to_length_one(values - values.mean(axis=1, keepdims=True))


def _to_length_one(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, length, out=np.zeros_like(rows), where=length > 1e-4), dtype=np.float32)


def _dots(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(np.einsum("ij,ij->i", one.astype(np.float32), other.astype(np.float32)), dtype=np.float32)
