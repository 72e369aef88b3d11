"""Whether images that share a group are nearer each other than others of their class: one number, and its doubt."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["GroupEvidence", "weigh_groups"]

MOST_ASKED = 4000
"""Images that are asked which of two others is nearer."""
_TRIES = 8
"""Draws of an image outside the group before an image that asks is left out."""
_FEWEST = 20

_Rows = NDArray[np.int64]


@dataclass(frozen=True)
class GroupEvidence:
    """How well a grouping agrees with what images look like.

    Args:
        closer: Share of draws in which an image is nearer to one of its group than to one outside of the class of
            that one; 0.5 where the grouping says nothing of looks.
        doubt: Standard error of `closer` over groups.
        compared: Share of the images in groups for which there was an image outside to compare with.
        n_groups: Groups of two images or more.
        n_grouped: Images in them.
        n_largest: Images in the largest.
        closer_in_largest: The same share in the largest group alone; nan where it was hardly asked.
    """

    closer: float
    doubt: float
    compared: float
    n_groups: int
    n_grouped: int
    n_largest: int
    closer_in_largest: float = math.nan

    @property
    def words(self) -> str:
        """What speaks for the groups, without capital or full stop."""
        return (
            f"an image is nearer to one of its group than to another of that one's class in {self.closer:.0%} of draws"
            f" (standard error {self.doubt:.1%}; 50% is chance)"
        )


def weigh_groups(
    directions: NDArray[np.float32], kinds: _Rows, group: _Rows, *, seed: int = 0, n_asked: int = MOST_ASKED
) -> GroupEvidence | None:
    """The evidence for a grouping; None where hardly any image has both a mate and others of its mate's class.

    An image a, another one b of its group, and one c outside of the group with the class of b: is b nearer to a than c
    is? Classes cancel out, so a grouping that only repeats them has no evidence. Works for groups inside classes
    (frames) and across them (persons who show each class once).

    Args:
        directions: From `make_directions`, shape (N, D).
        kinds: Class of each image, shape (N,), from 0.
        group: Group of each image, shape (N,), from 0.
        seed: Same seed, same draws.
        n_asked: Images that ask.

    Source:
        The share of such triplets is the AUC of pairs inside a group against pairs of the same classes outside.
    """
    rng, size = np.random.default_rng(seed), np.bincount(group)
    grouped = np.flatnonzero(size[group] > 1)
    if len(grouped) < 2:
        return None
    asked = rng.choice(grouped, min(n_asked, 4 * len(grouped)))
    mate = _draw_mates(group, asked, rng)
    other = _draw_others(group, kinds, asked, mate, rng)
    is_known = other >= 0
    if is_known.sum() < _FEWEST:
        return None
    asked, mate, other = asked[is_known], mate[is_known], other[is_known]
    gain = _similarity(directions, asked, mate) - _similarity(directions, asked, other)
    wins = (gain > 0) + 0.5 * (gain == 0)
    is_largest = group[asked] == size.argmax()
    return GroupEvidence(
        closer=float(wins.mean()),
        doubt=_doubt(wins, group[asked]),
        compared=float(is_known.mean()),
        n_groups=int((size > 1).sum()),
        n_grouped=len(grouped),
        n_largest=int(size.max()),
        closer_in_largest=float(wins[is_largest].mean()) if is_largest.sum() >= _FEWEST else math.nan,
    )


def _draw_mates(group: _Rows, asked: _Rows, rng: np.random.Generator) -> _Rows:
    """Another image of the group of each."""
    order = np.argsort(group, kind="stable")
    place = np.empty(len(group), dtype=np.int64)
    place[order] = np.arange(len(group))
    size = np.bincount(group)
    start = (np.cumsum(size) - size)[group[asked]]
    step = rng.integers(1, size[group[asked]])
    return np.asarray(order[start + (place[asked] - start + step) % size[group[asked]]], dtype=np.int64)


def _draw_others(group: _Rows, kinds: _Rows, asked: _Rows, mate: _Rows, rng: np.random.Generator) -> _Rows:
    """An image of the class of each mate outside of the group, -1 where none was met."""
    order = np.argsort(kinds, kind="stable")
    size = np.bincount(kinds)
    start = np.cumsum(size) - size
    found = np.full(len(asked), -1, dtype=np.int64)
    for _ in range(_TRIES):
        open_ = np.flatnonzero(found < 0)
        kind = kinds[mate[open_]]
        drawn = order[start[kind] + rng.integers(0, size[kind])]
        is_outside = group[drawn] != group[asked[open_]]
        found[open_[is_outside]] = drawn[is_outside]
    return found


def _similarity(directions: NDArray[np.float32], one: _Rows, other: _Rows) -> NDArray[np.float32]:
    return np.asarray(np.einsum("ij,ij->i", directions[one], directions[other]), dtype=np.float32)


def _doubt(wins: NDArray[np.float64], group: _Rows) -> float:
    """Standard error of the mean of wins that go together within groups."""
    count = np.bincount(group)
    off = np.bincount(group, weights=wins - wins.mean())
    n = int((count > 0).sum())
    return float(np.sqrt((off**2).sum() * n / max(n - 1, 1)) / len(wins)) if n > 1 else 0.5
