"""Duplicates kept on one side of a split: groups that swallow them, before folds are made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.listing import count_of
from podium.splits.make_folds import GROUPED_METHODS, choose_method
from podium.splits.merge_groups import join_groups
from podium.tables import Samples
from podium.twins import NearDuplicates, chain_equal_files, find_mirrored_pairs, find_near_duplicates, join_pairs

__all__ = ["JoinedDuplicates", "JoinedSamples", "join_duplicates"]

_WITH_GROUPS = {"stratified": "stratified_group", "multilabel": "multilabel_group"}


@dataclass(frozen=True)
class JoinedDuplicates:
    """What was joined.

    Args:
        n_files: Files that occur under several names.
        n_near: Pairs of near-duplicates.
        n_samples: Samples that have a duplicate.
        n_sets: Connected sets of duplicates.
        n_largest: Samples in the largest set.
        is_named: Whether the user named groups, which were then joined too; otherwise every group is a set of
            duplicates.
        n_mirrored: Pairs of a photo and its mirror image.
    """

    n_files: int
    n_near: int
    n_samples: int
    n_sets: int
    n_largest: int
    is_named: bool
    n_mirrored: int = 0

    @property
    def kinds(self) -> list[str]:
        """The kinds of leak that they would be."""
        return ["same_bytes"] * bool(self.n_files) + ["near_duplicate"] * bool(self.n_near or self.n_mirrored)

    def __str__(self) -> str:
        files = f"{self.n_files:,} file{'s that exist' if self.n_files != 1 else ' that exists'} more than once"
        near = count_of(self.n_near, "near-duplicate pair")
        mirrored = count_of(self.n_mirrored, "pair") + " of a photo and its mirror image"
        counts = ((files, self.n_files), (near, self.n_near), (mirrored, self.n_mirrored))
        found = " and ".join(words for words, n in counts if n)
        sets = f"{count_of(self.n_samples, 'image')} in {count_of(self.n_sets, 'cluster')}"
        return f"{found}: kept on one side of every split ({sets}, the largest of {self.n_largest:,})."


@dataclass(frozen=True)
class JoinedSamples:
    """Samples ready to be divided.

    Args:
        samples: The samples; duplicates share a group.
        split_method: The method to divide them by.
        near: Their near-duplicates, for the leak check; None if they were not all looked for.
        joined: What was joined; None if nothing was.
    """

    samples: Samples
    split_method: str
    near: NearDuplicates | None = None
    joined: JoinedDuplicates | None = None


def join_duplicates(
    samples: Samples,
    *,
    split_method: str = "auto",
    stratify_by: str | None = None,
    allow_leaks: Collection[str] = (),
    sha256: NDArray[np.object_],
    phash: NDArray[np.integer[Any]],
    thumbnails: NDArray[np.uint8],
) -> JoinedSamples:
    """The samples with equal files, near-duplicates and mirror images in one group, if the method keeps groups whole.

    A split that the source gives, a random one, or one that ignores groups that a user named stays as it is: nothing
    is joined, and the leak check reports what these splits divide.

    Args:
        samples: The samples, with or without groups.
        split_method: The method that was asked for; without named groups "stratified" becomes "stratified_group" where
            something was joined, and "multilabel" "multilabel_group".
        stratify_by: Head to balance by.
        allow_leaks: Kinds of leak that the user accepts; those are not joined.
        sha256: Digest of each file, shape (N,).
        phash: 64-bit perceptual hashes, shape (N,).
        thumbnails: Grey thumbnails, uint8 (N, h, w).
    """
    chosen = choose_method(samples, split_method, stratify_by)
    is_kept_whole = chosen in GROUPED_METHODS or (chosen in _WITH_GROUPS and not samples.has_groups)
    if not is_kept_whole:
        return JoinedSamples(samples, split_method)
    copies = np.empty((0, 2), dtype=np.int64) if "same_bytes" in allow_leaks else chain_equal_files(sha256)
    near, mirrored = None, np.empty((0, 2), dtype=np.int64)
    if "near_duplicate" not in allow_leaks:
        near = find_near_duplicates(phash, sha256=sha256, thumbnails=thumbnails)
        mirrored = find_mirrored_pairs(phash, thumbnails=thumbnails, known=near.pairs, sha256=sha256)
    pairs = copies if near is None else np.concatenate([copies, near.pairs, mirrored])
    checked = None if "same_bytes" in allow_leaks else near  # of equal files only the first was compared
    if not len(pairs):
        return JoinedSamples(samples, split_method, checked)
    component = join_pairs(len(samples), pairs)
    sizes = np.unique(component, return_counts=True)[1]
    joined = JoinedDuplicates(
        n_files=len(set(sha256[copies[:, 0]])),
        n_near=0 if near is None else len(near.pairs),
        n_samples=int(sizes[sizes > 1].sum()),
        n_sets=int((sizes > 1).sum()),
        n_largest=int(sizes.max()),
        is_named=samples.has_groups,
        n_mirrored=len(mirrored),
    )
    whole = replace(samples, group=join_groups(samples, pairs))
    return JoinedSamples(whole, _WITH_GROUPS.get(split_method, split_method), checked, joined)
