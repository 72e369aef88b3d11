"""Images that are there several times: the same file, the same photo, a photo and its mirror image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.auditing.finding import MOST_SHOWN, Finding
from podium.auditing.looked_at import LookedAt
from podium.listing import count_of, part_of
from podium.tables import Samples
from podium.twins import NearDuplicates, find_mirrored_pairs, join_pairs

__all__ = ["find_mirrored", "find_twins"]

_Pairs = NDArray[np.int64]
MANY = 0.01
"""Share of images with a mirror image from which on somebody seems to have made them."""


def find_twins(looked: LookedAt, near: NearDuplicates, max_bad_fraction: float) -> Iterator[Finding]:
    """Copies, near-duplicates, and whether equal images have different labels.

    Args:
        looked: Images that can be used.
        near: Near-duplicates among them.
        max_bad_fraction: Share of images with contradicting labels from which on this is an error.
    """
    audit, samples = looked.audit, looked.samples
    conflicts = audit.conflicts
    if conflicts:
        n = sum(map(len, conflicts))
        yield Finding(
            "caution" if n <= max_bad_fraction * len(looked) else "error",
            "conflicting_labels",
            f"{count_of(len(conflicts), 'set')} of identical files with different labels ({count_of(n, 'image')}):"
            " all but one label of each is wrong.",
            n=n,
            sets=conflicts[:MOST_SHOWN],
            todo=f"Correct the table of labels, or lay corrections over it with {option('corrections')}.",
        )
    if audit.duplicates:
        yield _copies(looked)
    yield from _find_near(samples, near)


def _copies(looked: LookedAt) -> Finding:
    sets = looked.audit.duplicates
    n = sum(map(len, sets))
    return Finding(
        "note",
        "duplicates",
        f"{part_of(n, len(looked), 'image', 'is', 'are')} in {count_of(len(sets), 'set')} of identical files.",
        n=n,
        sets=sets[:MOST_SHOWN],
        todo="Podium keeps copies on one side of every split that it makes.",
    )


def _find_near(samples: Samples, near: NearDuplicates) -> Iterator[Finding]:
    pairs = near.pairs[np.argsort(near.distance, kind="stable")]
    if not len(pairs):
        return
    n = len(np.unique(pairs))
    sets = _sets_of(samples, pairs)
    at_least = "at least " if near.is_partial else ""
    yield Finding(
        "note",
        "near_duplicates",
        f"{part_of(n, len(samples), 'image', 'is a near-duplicate', 'are near-duplicates')} of another one: {at_least}"
        f"{count_of(len(pairs), 'pair')} in {count_of(len(sets), 'set')}.",
        n=n,
        sets=tuple(sets[:MOST_SHOWN]),
        todo="Podium keeps them on one side of every split that it makes.",
    )
    differ = pairs[_labels_differ(samples, pairs)]
    if len(differ):
        yield Finding(
            "caution",
            "near_duplicates_labels",
            f"{count_of(len(differ), 'pair')} of near-duplicates {'has' if len(differ) == 1 else 'have'} different"
            " labels.",
            n=len(np.unique(differ)),
            sets=tuple((str(samples.ids[a]), str(samples.ids[b])) for a, b in differ[:MOST_SHOWN].tolist()),
            todo="Look at them: one photo has one label, unless the label is about what differs.",
        )


def find_mirrored(looked: LookedAt, near: NearDuplicates) -> Iterator[Finding]:
    """Images that are the mirror image of another one.

    Args:
        looked: Images that can be used.
        near: Near-duplicates among them, which are left out here: an even image is its own mirror image.
    """
    pairs = find_mirrored_pairs(
        looked.audit.phash, thumbnails=looked.thumbnails, known=near.pairs, sha256=looked.audit.sha256
    )
    if len(pairs):
        names = looked.samples.ids
        n_mirrored = len(np.unique(pairs))
        yield Finding(
            "caution" if n_mirrored > MANY * len(looked) else "note",
            "mirrored",
            f"{count_of(len(pairs), 'pair')} of images {'is' if len(pairs) == 1 else 'are'} one photo, mirrored.",
            n=n_mirrored,
            sets=tuple((str(names[a]), str(names[b])) for a, b in pairs[:MOST_SHOWN].tolist()),
            todo="Podium keeps them on one side of every split that it makes.",
        )


def _sets_of(samples: Samples, pairs: _Pairs) -> list[tuple[str, ...]]:
    """Names of the images that pairs join, set by set, in the order of the pairs."""
    joined = join_pairs(len(samples), pairs)
    sets: dict[int, dict[str, None]] = {}
    for row in pairs.ravel().tolist():
        sets.setdefault(int(joined[row]), {})[str(samples.ids[row])] = None
    return [tuple(members) for members in sets.values()]


def _labels_differ(samples: Samples, pairs: _Pairs) -> NDArray[np.bool_]:
    """Which pairs have known labels that differ in some head, shape (M,)."""
    differ = np.zeros(len(pairs), dtype=bool)
    for column in _columns(samples):
        one, other = column[pairs[:, 0]], column[pairs[:, 1]]
        differ |= (one >= 0) & (other >= 0) & (one != other)
    return differ


def _columns(samples: Samples) -> Sequence[NDArray[np.integer]]:
    return [row for labels in samples.labels.values() for row in labels.reshape(len(labels), -1).T]
