"""Looking for samples that sit on both sides of a split: in train and in valid, holdout or test.

Three kinds: a group that is divided, one file under two names, and near duplicates (the same photo saved, retouched
or mirrored). Samples of one fold are never compared; two different folds always are, since each is the other's training
data. Holdout and training-only rows count as sides of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.splits.leak_report import LeakCount, LeakKind, LeakPair, LeakReport
from podium.tables import ALWAYS_TRAIN, HOLDOUT, Folds, Samples
from podium.twins import NearDuplicates, find_mirrored_pairs, find_near_duplicates, join_pairs
from podium.twins.near_duplicates import DISTANCE_CONFIRMED, DISTANCE_UNCONFIRMED

__all__ = ["find_leaks", "find_twins_between"]

_LISTED_PAIRS = 50

_Keys = Sequence[str] | NDArray[Any]
_TwoOf = tuple[NDArray[Any], NDArray[Any]]


def find_leaks(
    samples: Samples,
    folds: Folds,
    *,
    sha256: _Keys | None = None,
    phash: NDArray[np.integer[Any]] | None = None,
    thumbnails: NDArray[np.uint8] | None = None,
    max_distance: int | None = None,
    near: NearDuplicates | None = None,
) -> LeakReport:
    """What the sides of these folds share.

    Groups are always checked; files and near duplicates where their digests and hashes are given. The report says
    what was not checked.

    Args:
        samples: The samples.
        folds: Their folds, in any row order.
        sha256: Digest of each sample's file, "" where unknown, shape (N,).
        phash: 64-bit perceptual hash of each sample, 0 where unknown, shape (N,).
        thumbnails: Grey thumbnails, as `make_thumbnails` gives them, uint8 (N, h, w). With them hashes may differ by
            10 bits and every pair is looked at; without them by 4, and sets whose images all look alike are accused
            wrongly. With digests too, a photo and its mirror image are near duplicates.
        max_distance: Most differing bits, if not the above.
        near: Near-duplicates among all of these samples, where they are known; hashes are then not compared again.

    Raises:
        SplitError: If the folds belong to other samples.

    Example:
        >>> from pathlib import Path
        >>> from podium.tables import Samples, as_text_array
        >>> ids = as_text_array(["a.jpg", "b.jpg", "c.jpg"])
        >>> samples = Samples(Path("."), ids, ids)
        >>> folds = Folds(ids, np.array([0, 1, 1]), 2, "random", 0, samples.digest)
        >>> find_leaks(samples, folds, sha256=["x", "x", "y"]).found
        ('same_bytes',)
    """
    if not np.array_equal(folds.ids, samples.ids):
        folds = folds.match(samples)
    search = _Search(samples.ids, folds.side, _fold_names(folds.n_folds), n_folds=folds.n_folds)
    search.compare_keys("same_group", samples.group_keys)
    if sha256 is not None:
        search.compare_keys("same_bytes", sha256)
    if near is not None:
        search.note_near(near.between(folds.side), DISTANCE_CONFIRMED if max_distance is None else max_distance)
    elif phash is not None:
        search.compare_hashes(phash, sha256, thumbnails, max_distance)
    return search.report()


def find_twins_between(
    train: Samples,
    test: Samples,
    *,
    sha256: tuple[_Keys, _Keys] | None = None,
    phash: _TwoOf | None = None,
    thumbnails: _TwoOf | None = None,
    max_distance: int | None = None,
) -> LeakReport:
    """What a test set shares with the training set.

    Args:
        train: Samples that models learn from.
        test: Samples they are evaluated on.
        sha256: Digests of the two, shapes (N,) and (M,).
        phash: Hashes of the two.
        thumbnails: Thumbnails of the two, of equal size.
        max_distance: As in `find_leaks`.

    Returns:
        The report; `judged_fraction` is the share of test samples with a twin in train. Groups are compared when both
        name them.
    """
    side = np.repeat([ALWAYS_TRAIN, HOLDOUT], [len(train), len(test)])
    ids = np.concatenate([train.ids, test.ids])
    search = _Search(ids, side, {ALWAYS_TRAIN: "train", HOLDOUT: "test"}, n_folds=0)
    if train.has_groups and test.has_groups:
        # Without a named group an id stands alone, even if the other set holds the same id.
        keys = [group if group is not None else np.full(0, "") for group in (train.group, test.group)]
        search.compare_keys("same_group", np.concatenate(keys))
    both_sha = None if sha256 is None else np.concatenate([np.asarray(part, dtype=object) for part in sha256])
    if both_sha is not None:
        search.compare_keys("same_bytes", both_sha)
    if phash is not None:
        both = np.concatenate([np.asarray(part).astype(np.uint64, copy=False) for part in phash])
        looks = None if thumbnails is None else np.concatenate(thumbnails)
        search.compare_hashes(both, both_sha, looks, max_distance)
    return replace(search.report(), is_test_set=True)


def _fold_names(n_folds: int) -> dict[int, str]:
    return {HOLDOUT: "holdout", ALWAYS_TRAIN: "train", **{fold: f"fold {fold}" for fold in range(n_folds)}}


class _Search:
    """Findings over rows that lie on sides, gathered kind by kind."""

    def __init__(self, ids: NDArray[Any], side: NDArray[np.int64], names: dict[int, str], *, n_folds: int) -> None:
        self.ids, self.side, self.names, self.n_folds = ids, side, names, n_folds
        self.is_involved = np.zeros(len(ids), dtype=bool)
        # To a model that predicts the row: it learns from the training rows and every other fold, never from a holdout.
        self.is_known = np.zeros(len(ids), dtype=bool)
        self.counts: dict[LeakKind, LeakCount] = {}
        self.pairs: list[LeakPair] = []
        self.n_unjudged, self.is_partial = 0, False
        self.max_distance: int | None = None

    def compare_keys(self, kind: LeakKind, keys: _Keys) -> None:
        """Note rows of different sides whose keys are equal and not empty."""
        number: dict[Any, int] = {}
        code = np.asarray([number.setdefault(key, len(number)) if key else -1 for key in keys], dtype=np.int64)
        rows = np.flatnonzero(code >= 0)
        n_in_key = np.bincount(code[rows], minlength=len(number))
        cell, n_in_cell = np.unique(np.stack([code[rows], self.side[rows]], axis=1), axis=0, return_counts=True)
        same_side = np.bincount(cell[:, 0], weights=n_in_cell.astype(np.float64) ** 2, minlength=len(number))
        is_divided = np.bincount(cell[:, 0], minlength=len(number)) > 1
        n_pairs = int(((n_in_key.astype(np.float64) ** 2 - same_side) / 2)[is_divided].sum())
        rows = rows[is_divided[code[rows]]]
        self.is_involved[rows] = True
        n_folds_of_key = np.bincount(cell[cell[:, 1] >= 0, 0], minlength=len(number))
        is_taught = np.bincount(cell[cell[:, 1] == ALWAYS_TRAIN, 0], minlength=len(number)) > 0
        n_other_folds = n_folds_of_key[code[rows]] - (self.side[rows] >= 0)
        self.is_known[rows] |= is_taught[code[rows]] | ((n_other_folds > 0) & (self.n_folds > 1))
        self.counts[kind] = LeakCount(n_pairs, len(rows), int(is_divided.sum()))
        self._list_pairs(kind, self._one_pair_a_key(rows, code), None)

    def _one_pair_a_key(self, rows: NDArray[np.int64], code: NDArray[np.int64]) -> NDArray[np.int64]:
        """For the first divided keys, a row and the first row of another side, shape (M, 2)."""
        first: dict[int, int] = {}
        done: set[int] = set()
        pairs = []
        for row in rows.tolist():
            start = first.setdefault(int(code[row]), row)
            if int(code[row]) not in done and self.side[start] != self.side[row]:
                done.add(int(code[row]))
                pairs.append((start, row))
                if len(pairs) == _LISTED_PAIRS:
                    break
        return np.asarray(pairs, dtype=np.int64).reshape(-1, 2)

    def compare_hashes(
        self,
        phash: NDArray[np.integer[Any]],
        sha256: _Keys | None,
        thumbnails: NDArray[np.uint8] | None,
        max_distance: int | None,
    ) -> None:
        """Note near duplicates on different sides that are not the same file."""
        near = find_near_duplicates(
            phash, side=self.side, sha256=sha256, thumbnails=thumbnails, max_distance=max_distance
        )
        if thumbnails is not None and sha256 is not None:
            near = self._with_mirrored(near, phash, sha256, thumbnails)
        default = DISTANCE_UNCONFIRMED if thumbnails is None else DISTANCE_CONFIRMED
        self.note_near(near, default if max_distance is None else max_distance)

    def _with_mirrored(
        self, near: NearDuplicates, phash: NDArray[np.integer[Any]], sha256: _Keys, thumbnails: NDArray[np.uint8]
    ) -> NearDuplicates:
        """The near duplicates and the pairs of a photo and its mirror image; these count no differing bits."""
        pairs = find_mirrored_pairs(phash, thumbnails=thumbnails, known=near.pairs, sha256=sha256)
        pairs = pairs[self.side[pairs[:, 0]] != self.side[pairs[:, 1]]]
        distance = np.concatenate([near.distance, np.zeros(len(pairs), dtype=near.distance.dtype)])
        return replace(near, pairs=np.concatenate([near.pairs, pairs]), distance=distance)

    def note_near(self, near: NearDuplicates, max_distance: int) -> None:
        """Note near duplicates, all on different sides."""
        involved = np.unique(near.pairs)
        self.is_involved[involved] = True
        for rows, others in (near.pairs.T, near.pairs.T[::-1]):
            is_taught = self.side[others] == ALWAYS_TRAIN
            self.is_known[rows[is_taught | ((self.side[others] >= 0) & (self.n_folds > 1))]] = True
        n_sets = len(np.unique(join_pairs(len(self.ids), near.pairs)[involved]))
        self.counts["near_duplicate"] = LeakCount(len(near.pairs), len(involved), n_sets)
        nearest = np.argsort(near.distance, kind="stable")[:_LISTED_PAIRS]
        self._list_pairs("near_duplicate", near.pairs[nearest], near.distance[nearest])
        self.n_unjudged, self.is_partial = near.n_unjudged, near.is_partial
        self.max_distance = max_distance

    def _list_pairs(self, kind: LeakKind, pairs: NDArray[np.int64], distance: NDArray[np.int64] | None) -> None:
        for place, (a, b) in enumerate(pairs.tolist()):
            bits = None if distance is None else int(distance[place])
            sides = self.names[int(self.side[a])], self.names[int(self.side[b])]
            self.pairs.append(LeakPair(str(self.ids[a]), str(self.ids[b]), kind, *sides, bits))

    def _known_share(self, judged: NDArray[np.bool_]) -> float:
        return int((self.is_known & judged).sum()) / max(int(judged.sum()), 1)

    def report(self) -> LeakReport:
        """All that was noted."""
        is_held = self.side == HOLDOUT
        is_validated = self.side >= 0
        has_folds = bool(is_validated.any())
        return LeakReport(
            counts=self.counts,
            pairs=tuple(self.pairs),
            n_samples=int(self.is_involved.sum()),
            n_total=len(self.ids),
            judged_fraction=self._known_share(is_validated if has_folds else is_held),
            holdout_fraction=self._known_share(is_held) if has_folds and is_held.any() else None,
            n_unjudged=self.n_unjudged,
            max_distance=self.max_distance,
            is_partial=self.is_partial,
        )
