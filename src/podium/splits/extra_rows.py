"""Places of extra samples, which only train: in every fold but the one that is validated on images like them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from podium.listing import agree, count_of, list_some
from podium.tables import ALWAYS_TRAIN, HOLDOUT, LEFT_OUT, Folds, Samples

__all__ = ["count_extra", "describe_extra", "place_extra"]


def place_extra(samples: Samples, judged: Folds, units: Sequence[str] | NDArray[np.object_]) -> Folds:
    """Folds of all samples, from those of the samples that are judged.

    An extra sample trains in every fold. One whose unit holds images that a single fold is validated on trains in all
    others; one whose unit is in several folds, or in the holdout, trains in none.

    Args:
        samples: All samples; `samples.is_extra` tells which only train.
        judged: Folds of `samples.without_extra`, in their order.
        units: What must not be divided: a group, or a set of duplicates; shape (N,).

    Example:
        >>> from pathlib import Path
        >>> from podium.tables import as_text_array
        >>> ids = as_text_array(["a", "b", "web:c", "web:d"])
        >>> samples = Samples(Path("."), ids, ids, split=as_text_array(["", "", "extra", "extra"]))
        >>> main = Folds(ids[:2], np.array([0, 1]), 2, "random", 0, samples.without_extra.digest)
        >>> folds = place_extra(samples, main, ["ann", "bob", "bob", "cleo"])
        >>> folds.train_rows(0).tolist(), folds.train_rows(1).tolist()
        ([1, 2, 3], [0, 3])
    """
    is_extra = samples.is_extra
    fold = np.full(len(samples), ALWAYS_TRAIN, dtype=np.int64)
    fold[~is_extra] = judged.fold
    sides: dict[str, set[int]] = {}
    for row in np.flatnonzero(~is_extra & (fold != ALWAYS_TRAIN)).tolist():
        sides.setdefault(units[row], set()).add(int(fold[row]))
    kept_from = np.full(len(samples), -1, dtype=np.int64)
    for row in np.flatnonzero(is_extra).tolist():
        near = sides.get(units[row], set())
        if len(near) > 1 or HOLDOUT in near:
            fold[row] = LEFT_OUT
        elif near:
            kept_from[row] = next(iter(near))
    return Folds(
        samples.ids,
        fold,
        judged.n_folds,
        judged.method,
        judged.seed,
        samples.digest,
        kept_from if (kept_from >= 0).any() else None,
    )


def count_extra(samples: Samples) -> dict[str, int]:
    """Number of extra samples by the name of their source; empty where there are none."""
    sources = [] if samples.source is None else samples.source[samples.is_extra].tolist()
    return dict(Counter(sources))


def describe_extra(samples: Samples, folds: Folds) -> str:
    """What becomes of the extra samples, in a sentence or three."""
    n, n_out = int(samples.is_extra.sum()), int((folds.fold == LEFT_OUT).sum())
    n_kept = 0 if folds.kept_from is None else int((folds.kept_from >= 0).sum())
    by_source = list_some([f"{name} {number:,}" for name, number in count_extra(samples).items()], most=5)
    words = (
        f"{count_of(n, 'extra image')} ({by_source}) {agree(n, 'trains', 'train')} and {agree(n, 'is', 'are')} never"
    )
    words += " judged."
    like = "equal or near to judged images, or in a group with some"
    if n_kept:
        words += f" {n_kept:,} {agree(n_kept, 'is', 'are')} {like}: the fold that judges these trains without them."
    if n_out:
        words += f" {n_out:,} {agree(n_out, 'is', 'are')} {like}, of several folds or the holdout: no model sees them."
    return words
