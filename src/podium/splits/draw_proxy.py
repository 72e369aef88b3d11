"""A small part of the samples that stands for all: whole groups, every label in its share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.splits.deal_units import deal_units
from podium.splits.strata import build_strata
from podium.tables import Samples

__all__ = ["LabelDrift", "draw_at_random", "draw_proxy", "find_drift", "label_shares"]

_Rows = NDArray[np.int64]


@dataclass(frozen=True)
class LabelDrift:
    """How far the labels of a part are from those of a whole, for one head.

    Args:
        head: The head.
        classes: Its classes.
        part: Share of each class in the part, of the rows whose label is known.
        whole: Share of each class in the whole.
    """

    head: str
    classes: tuple[str, ...]
    part: tuple[float, ...]
    whole: tuple[float, ...]

    @property
    def drifts(self) -> NDArray[np.float64]:
        """Absolute difference of each class's shares, shape (C,)."""
        return np.abs(np.subtract(self.part, self.whole))

    @property
    def max(self) -> float:
        """The largest difference."""
        return float(self.drifts.max())

    @property
    def mean(self) -> float:
        """Mean difference over the classes."""
        return float(self.drifts.mean())

    @property
    def worst_class(self) -> str:
        """The class with the largest difference."""
        return self.classes[int(self.drifts.argmax())]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        shares = {name: [self.part[i], self.whole[i]] for i, name in enumerate(self.classes)}
        return {
            "head": self.head,
            "max": self.max,
            "mean": self.mean,
            "worst_class": self.worst_class,
            "shares": shares,
        }


def label_shares(samples: Samples, name: str) -> NDArray[np.float64]:
    """Share of each class of a head over the rows whose label is known, shape (C,); 0 where none is."""
    assert samples.task is not None, "the samples have labels"
    head, labels = samples.task.head(name), samples.labels[name]
    if head.is_multi:
        known = np.maximum((labels >= 0).sum(axis=0), 1)
        return np.asarray((labels == 1).sum(axis=0) / known, dtype=np.float64)
    counts = np.bincount(labels[labels >= 0], minlength=head.n_classes)
    return np.asarray(counts / max(1, counts.sum()), dtype=np.float64)


def find_drift(part: Samples, whole: Samples) -> tuple[LabelDrift, ...]:
    """The drift of every head that both have."""
    assert part.task is not None, "the part has labels"
    assert whole.task is not None, "the whole has labels"
    known = {head.name for head in whole.task.heads}
    return tuple(
        LabelDrift(
            head.name,
            head.classes,
            tuple(label_shares(part, head.name).tolist()),
            tuple(label_shares(whole, head.name).tolist()),
        )
        for head in part.task.heads
        if head.name in known
    )


def draw_proxy(samples: Samples, n: int, *, seed: int = 0, n_draws: int = 8) -> _Rows:
    """Rows of about `n` samples in whole groups, in which every label of every head has nearly the share it has here.

    Several deals are made as a holdout is, rarest label first and then improved by swaps; the one whose worst label is
    nearest to its share wins. It depends on ids, labels, groups and seed alone, not on the order of the rows.

    Args:
        samples: Labelled samples of at least two groups, more than `n`.
        n: Rows wanted. Whole groups may make it a few more or less.
        seed: Seed of the deals.
        n_draws: Deals to choose from.

    Returns:
        Row numbers, rising.
    """
    from scipy import sparse

    order = np.argsort(samples.ids.astype(str), kind="stable")
    rows = samples.take(order)
    assert rows.task is not None, "the samples have labels"
    unit = _number(rows.group_keys.tolist())
    matrix = build_strata(rows, rows.task.heads).matrix
    matrix = sparse.hstack([matrix, np.ones((len(rows), 1), dtype=np.int64)]).tocsr()
    n_units = int(unit.max()) + 1
    member = sparse.csr_matrix((np.ones(len(rows), dtype=np.int64), (unit, np.arange(len(rows)))), (n_units, len(rows)))
    counts = (member @ matrix).tocsr()
    fractions = np.array([n / len(rows), 1 - n / len(rows)])
    found = [deal_units(counts, fractions, np.random.default_rng([seed, 2, k])) for k in range(n_draws)]
    best = min((np.flatnonzero(part[unit] == 0) for part in found), key=lambda own: _badness(rows, own, n))
    return np.sort(order[best])


def draw_at_random(samples: Samples, n: int, *, seed: int = 0) -> _Rows:
    """Rows of whole groups drawn at random until there are `n`, to compare with."""
    unit = _number(samples.group_keys.tolist())
    sizes = np.bincount(unit)
    drawn = np.random.default_rng([seed, 3]).permutation(len(sizes))
    taken = drawn[: int(np.searchsorted(np.cumsum(sizes[drawn]), n)) + 1]
    return np.flatnonzero(np.isin(unit, taken))


def _badness(samples: Samples, own: _Rows, n: int) -> tuple[float, float]:
    drift = find_drift(samples.take(own), samples)
    return max(one.max for one in drift) + abs(len(own) - n) / n / 10, sum(one.mean for one in drift)


def _number(keys: Sequence[str]) -> _Rows:
    return np.asarray(np.unique(np.asarray(keys, dtype=str), return_inverse=True)[1], dtype=np.int64)
