"""Twins: images with the same bytes, and near duplicates (the same photo saved, shrunk or retouched again).

Hashes propose, thumbnails confirm. Without thumbnails only hashes within 4 bits count, with them within 10, since
every proposal is then compared. Flat images (blank pages, black frames) have hashes that mean nothing; they are
left to the comparison of bytes. Many images with one hash are compared along a chain, not each with each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import UsageError
from podium.listing import count_of
from podium.twins.close_pairs import find_close_pairs
from podium.twins.thumbnails import Likeness

__all__ = [
    "DISTANCE_CONFIRMED",
    "DISTANCE_UNCONFIRMED",
    "NearDuplicates",
    "chain_equal_files",
    "find_near_duplicates",
]

DISTANCE_UNCONFIRMED = 4
"""Bits in which two hashes may differ when there is nothing else to go by: precision 0.991 on mask_pairs."""
DISTANCE_CONFIRMED = 10
"""Bits in which two hashes may differ when thumbnails confirm each pair: precision 0.999 on mask_pairs."""
_FEWEST_BITS_SET = 24  # a DCT hash is cut at its median, so 32 bits are set, fewer only where coefficients are equal
_ALL_PAIRS_UP_TO = 256

_Confirm = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class NearDuplicates:
    """Pairs of images that show one photo.

    Args:
        pairs: Rows, the lower first, shape (M, 2).
        distance: Differing bits of the two hashes, shape (M,).
        n_unjudged: Images whose hash means nothing, because they are flat or could not be read.
        is_partial: Whether there are more pairs than listed: a hash is shared by many, or the limit was hit.
    """

    pairs: NDArray[np.int64]
    distance: NDArray[np.int64]
    n_unjudged: int
    is_partial: bool

    def between(self, side: NDArray[np.integer[Any]]) -> NearDuplicates:
        """The pairs whose images are on different sides; `side` has shape (N,)."""
        is_divided = side[self.pairs[:, 0]] != side[self.pairs[:, 1]]
        is_partial = self.is_partial and bool(is_divided.any())
        return NearDuplicates(self.pairs[is_divided], self.distance[is_divided], self.n_unjudged, is_partial)


def find_near_duplicates(
    phash: NDArray[np.integer[Any]],
    *,
    side: NDArray[np.integer[Any]] | None = None,
    sha256: Sequence[str] | NDArray[Any] | None = None,
    thumbnails: NDArray[np.uint8] | None = None,
    max_distance: int | None = None,
) -> NearDuplicates:
    """Images that show one photo, but are not the same file.

    Args:
        phash: 64-bit perceptual hashes (0 where the image could not be read), shape (N,).
        side: Images of one side are not compared, shape (N,); None compares all.
        sha256: Digest of each file, shape (N,); equal files are not reported here.
        thumbnails: Grey thumbnails that confirm each pair, uint8 (N, h, w).
        max_distance: Most differing bits; None takes 10 with thumbnails and 4 without.
    """
    hashes = phash.view(np.uint64) if phash.dtype == np.int64 else phash.astype(np.uint64)
    if max_distance is None:
        max_distance = DISTANCE_UNCONFIRMED if thumbnails is None else DISTANCE_CONFIRMED
    is_judged = np.bitwise_count(hashes) >= _FEWEST_BITS_SET
    rows = _one_row_a_file(np.flatnonzero(is_judged), sha256, side)
    confirm: _Confirm | None = None
    if thumbnails is not None and len(rows):
        if len(thumbnails) != len(hashes):
            raise UsageError(f"{count_of(len(thumbnails), 'thumbnail')} for {count_of(len(hashes), 'hash')}.")
        confirm = Likeness(thumbnails[rows], hashes[rows]).is_same_photo
    own_side = None if side is None else np.asarray(side)[rows]
    pairs, distance, is_partial = _Clusters(hashes[rows], own_side).search(max_distance, confirm)
    pairs = np.sort(rows[pairs], axis=1)
    if sha256 is not None:
        digest = np.asarray(sha256, dtype=object)
        is_copy = _is_known(digest[pairs[:, 0]]) & (digest[pairs[:, 0]] == digest[pairs[:, 1]])
        pairs, distance = pairs[~is_copy], distance[~is_copy]
    return NearDuplicates(pairs, distance, int((~is_judged).sum()), is_partial)


def chain_equal_files(sha256: Sequence[str] | NDArray[Any]) -> NDArray[np.int64]:
    """Each row of a file that came before, with the last row before it, shape (M, 2)."""
    last: dict[str, int] = {}
    pairs = []
    for row, digest in enumerate(sha256):
        if digest:
            if digest in last:
                pairs.append((last[digest], row))
            last[digest] = row
    return np.asarray(pairs, dtype=np.int64).reshape(-1, 2)


def _is_known(digest: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray([bool(item) for item in digest], dtype=bool)


def _one_row_a_file(
    rows: NDArray[np.int64], sha256: Sequence[str] | NDArray[Any] | None, side: NDArray[np.integer[Any]] | None
) -> NDArray[np.int64]:
    """The rows without further copies of one file on the same side."""
    if sha256 is None:
        return rows
    sides = [0] * len(sha256) if side is None else side.tolist()
    kept, seen = [], set()
    for row in rows.tolist():
        key = (sha256[row], sides[row])
        if not sha256[row] or key not in seen:
            seen.add(key)
            kept.append(row)
    return np.asarray(kept, dtype=np.int64)


class _Clusters:
    """Images bundled by equal hash (and side), so that a hash shared by thousands costs no more than its bundle."""

    def __init__(self, hashes: NDArray[np.uint64], side: NDArray[np.integer[Any]] | None) -> None:
        sides = np.zeros(len(hashes), dtype=np.int64) if side is None else np.asarray(side, dtype=np.int64)
        self.order = np.lexsort((sides, hashes))
        is_new = np.ones(len(hashes), dtype=bool)
        ordered, ordered_sides = hashes[self.order], sides[self.order]
        is_new[1:] = (ordered[1:] != ordered[:-1]) | (ordered_sides[1:] != ordered_sides[:-1])
        self.start = np.flatnonzero(is_new)
        self.size = np.diff(np.append(self.start, len(hashes)))
        self.hashes = ordered[is_new]
        self.sides = None if side is None else ordered_sides[is_new]
        self.all_hashes = hashes

    def search(self, max_distance: int, confirm: _Confirm | None) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
        """Pairs of rows, shape (M, 2), their distances, shape (M,), and whether there are more."""

        def has_match(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.bool_]:
            pairs, owner = self._expand(first, second)
            is_match = np.zeros(len(first), dtype=bool)
            if confirm is not None:
                is_match[owner[confirm(pairs[:, 0], pairs[:, 1])]] = True
            return is_match

        bundles, _, is_cut = find_close_pairs(
            self.hashes, max_distance, side=self.sides, confirm=None if confirm is None else has_match
        )
        if self.sides is None:
            alone = np.flatnonzero(self.size > 1)
            bundles = np.concatenate([bundles, np.stack([alone, alone], axis=1)])
        pairs, _ = self._expand(bundles[:, 0], bundles[:, 1])
        if confirm is not None and len(pairs):
            pairs = pairs[confirm(pairs[:, 0], pairs[:, 1])]
        distance = np.bitwise_count(self.all_hashes[pairs[:, 0]] ^ self.all_hashes[pairs[:, 1]]).astype(np.int64)
        is_partial = is_cut or bool((self.size[bundles[:, 0]] * self.size[bundles[:, 1]] > _ALL_PAIRS_UP_TO).any())
        return pairs, distance, is_partial

    def _expand(
        self, first: NDArray[np.int64], second: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row pairs of bundle pairs, shape (M, 2), and which bundle pair each came from, shape (M,).

        Small bundles give every pair; large ones walk along both, so that each row is met at least once.
        """
        n_first, n_second = self.size[first], self.size[second]
        is_small = n_first * n_second <= _ALL_PAIRS_UP_TO
        count = np.where(is_small, n_first * n_second, np.maximum(n_first, n_second))
        owner = np.repeat(np.arange(len(first)), count)
        step = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        small, is_self = is_small[owner], (first == second)[owner]
        one = np.where(small, step // n_second[owner], step % n_first[owner])
        other = np.where(small, step % n_second[owner], (step + is_self) % n_second[owner])
        pairs = np.stack([self.order[self.start[first][owner] + one], self.order[self.start[second][owner] + other]], 1)
        # Within one bundle every pair comes twice, and each row with itself.
        keep = ~is_self | np.where(small, one < other, one != other)
        return pairs[keep], owner[keep]
