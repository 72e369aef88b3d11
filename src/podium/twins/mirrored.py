"""Images that are the mirror image of another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.twins.near_duplicates import find_near_duplicates

__all__ = ["find_mirrored_pairs"]

_ODD_COLUMNS = 0x5555555555555555
"""Bits of a perceptual hash whose horizontal frequency is odd: mirroring an image turns their sign."""


def find_mirrored_pairs(
    phash: NDArray[np.integer[Any]],
    *,
    thumbnails: NDArray[np.uint8],
    known: NDArray[np.integer[Any]],
    sha256: Sequence[str] | NDArray[Any],
) -> NDArray[np.int64]:
    """Pairs of rows, the lower first, of a photo and its mirror image, shape (M, 2).

    Hashes propose and thumbnails confirm, as for near-duplicates.

    Args:
        phash: 64-bit perceptual hashes, shape (N,).
        thumbnails: Grey thumbnails, uint8 (N, h, w).
        known: Pairs that are near-duplicates as they are, shape (K, 2); an even image is its own mirror image.
        sha256: Digest of each file, shape (N,); equal files are left out.
    """
    hashes = phash.view(np.uint64) if phash.dtype == np.int64 else phash.astype(np.uint64)
    n = len(hashes)
    both = find_near_duplicates(
        np.concatenate([hashes, hashes ^ np.uint64(_ODD_COLUMNS)]),
        side=np.repeat([0, 1], n),
        thumbnails=np.concatenate([thumbnails, thumbnails[:, :, ::-1]]),
    )
    pairs = np.sort(both.pairs % max(n, 1), axis=1)
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    seen = {tuple(pair) for pair in known.tolist()}
    kept = [pair for pair in pairs.tolist() if tuple(pair) not in seen and sha256[pair[0]] != sha256[pair[1]]]
    return np.array(kept, dtype=np.int64).reshape(-1, 2)
