"""Perceptual hash: near-equal pictures get near-equal 64-bit numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

__all__ = ["compute_phash", "hamming", "hash_grey"]

_GREY_PX = 32
_LOW_PX = 8


def _dct_matrix(n_out: int, n_in: int) -> NDArray[np.float64]:
    """The first `n_out` rows of the unnormalised DCT-II, shape (n_out, n_in)."""
    k = np.arange(n_out)[:, None]
    x = np.arange(n_in)[None, :]
    return np.asarray(2.0 * np.cos(np.pi * k * (2 * x + 1) / (2 * n_in)))


_DCT = _dct_matrix(_LOW_PX, _GREY_PX)


def compute_phash(pixels: NDArray[np.uint8]) -> int:
    """The 64-bit DCT hash of a picture.

    The picture is turned to grey, shrunk to 32x32 with an antialiased filter and transformed; each of the
    8x8 lowest frequencies gives one bit, set where it is above their median. Robust to size,
    compression and slight changes of colour; not to mirroring, turning or cropping.

    Args:
        pixels: Upright picture, shape (H, W, 3) or grey (H, W), uint8.

    Returns:
        An integer from 0 to 2**64 - 1. The first bit (row 0, column 0) is the highest.

    Example:
        >>> compute_phash(np.zeros((5, 7, 3), np.uint8))
        0

    Source:
        Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions"; bit for bit the
        `phash` of the imagehash package, except that coefficients closer than 0.001 count as equal, so that a
        flat picture does not hash rounding noise.
    """
    return hash_grey(Image.fromarray(pixels).convert("L"))


def hash_grey(grey: Image.Image) -> int:
    """The hash of an upright picture that is grey (mode "L") already."""
    small = grey.resize((_GREY_PX, _GREY_PX), Image.Resampling.LANCZOS)
    low = np.round(_DCT @ np.asarray(small, dtype=np.float64) @ _DCT.T, 3).ravel()
    middle = np.sort(low)[31:33]
    # The median as numpy takes it, at a tenth of its time for so few numbers.
    return int.from_bytes(np.packbits(low > (middle[0] + middle[1]) / 2).tobytes(), "big")


def hamming(a: ArrayLike, b: ArrayLike) -> NDArray[np.uint8]:
    """The number of differing bits between hashes, element by element, broadcast like any numpy operation.

    Args:
        a: Hashes as integers from 0 to 2**64 - 1, any shape.
        b: Hashes, of a shape that broadcasts against `a`.

    Returns:
        Counts from 0 to 64, uint8, of the broadcast shape.

    Example:
        >>> hamming([0b1011, 0], 0b0010).tolist()
        [2, 1]
        >>> hashes = np.array([1, 3, 7], np.uint64)
        >>> hamming(hashes[:, None], hashes[None, :]).tolist()
        [[0, 1, 2], [1, 0, 1], [2, 1, 0]]
    """
    differing = np.bitwise_xor(_as_uint64(a), _as_uint64(b))
    return np.asarray(np.bitwise_count(differing), dtype=np.uint8)


def _as_uint64(hashes: ArrayLike) -> NDArray[np.uint64]:
    # int64 columns (a table that has no unsigned type) hold the same bits.
    array = np.asarray(hashes)
    return array.view(np.uint64) if array.dtype == np.int64 else array.astype(np.uint64)
