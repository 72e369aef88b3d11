"""Places of extra samples, which only train: in every fold but the one that is validated on images like them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from podium.advice import options
from podium.errors import SplitError
from podium.listing import agree, count_of, list_some
from podium.tables import ALWAYS_TRAIN, HOLDOUT, LEFT_OUT, Folds, Samples

__all__ = ["count_extra", "describe_extra", "judged_folds", "name_fold", "place_extra"]


def place_extra(samples: Samples, judged: Folds, units: Sequence[str] | NDArray[np.object_]) -> Folds:
    """Folds of all samples, from those of the samples that are judged.

    An extra sample trains in every fold. One whose unit holds images that a single fold is validated on trains in all
    others; one whose unit is in several folds, or in the holdout, trains in none. One that was made for a fold, see
    `name_fold`, trains there or nowhere.

    Args:
        samples: All samples; `samples.is_extra` tells which only train.
        judged: Folds of `samples.without_extra`, in their order.
        units: What must not be divided: a group, or a set of duplicates; shape (N,).

    Raises:
        SplitError: If an extra sample was made for a fold of other folds.

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
    only_in = _only_in(samples, judged)
    sides: dict[str, set[int]] = {}
    for row in np.flatnonzero(~is_extra & (fold != ALWAYS_TRAIN)).tolist():
        sides.setdefault(units[row], set()).add(int(fold[row]))
    kept_from = np.full(len(samples), -1, dtype=np.int64)
    for row in np.flatnonzero(is_extra).tolist():
        near, own = sides.get(units[row], set()), int(only_in[row])
        if HOLDOUT in near or own in near or (own < 0 and len(near) > 1):
            fold[row], only_in[row] = LEFT_OUT, -1
        elif near and own < 0:
            kept_from[row] = next(iter(near))
    placed = replace(judged, ids=samples.ids, fold=fold, samples_digest=samples.digest)
    return replace(
        placed,
        kept_from=kept_from if (kept_from >= 0).any() else None,
        only_in=only_in if (only_in >= 0).any() else None,
    )


def name_fold(judged: Folds, fold: int) -> str:
    """What `Samples.fold` says of an extra sample that one fold of these alone trains on: their digest, the number."""
    return f"{judged.digest[:16]}:{fold}"


def _only_in(samples: Samples, judged: Folds) -> NDArray[np.int64]:
    """The fold that an extra sample is for, -1 where it is for all, shape (N,)."""
    only_in = np.full(len(samples), -1, dtype=np.int64)
    if samples.fold is None:
        return only_in
    known = {name_fold(judged, fold): fold for fold in range(judged.n_folds)}
    for row in np.flatnonzero(samples.is_extra & (samples.fold != "")).tolist():
        if samples.fold[row] not in known:
            source = "" if samples.source is None else f" {samples.source[row]!r}"
            raise SplitError(
                f"the extra data{source} was made fold by fold, for other folds than these.",
                fix="Train on the same images with the folds of the run that made it,"
                f" {options(folds_from='RUN_FOLDER')}, or make it with the mean of the folds.",
            )
        only_in[row] = known[samples.fold[row]]
    return only_in


def judged_folds(samples: Samples, folds: Folds) -> Folds:
    """The folds of the samples that are judged, as they would be without the extra ones."""
    main = samples.without_extra
    if main is samples:
        return folds
    fold = folds.fold[~samples.is_extra]
    return replace(folds, ids=main.ids, fold=fold, samples_digest=main.digest, kept_from=None, only_in=None)


def count_extra(samples: Samples) -> dict[str, int]:
    """Number of extra images by the name of their source; empty where there are none. An image that has a row for each
    fold counts once."""
    rows = np.flatnonzero(samples.is_extra)
    sources = np.full(len(samples), "extra", dtype=object) if samples.source is None else samples.source
    return dict(Counter(source for source, _ in dict.fromkeys(zip(sources[rows], samples.paths[rows], strict=True))))


def describe_extra(samples: Samples, folds: Folds) -> str:
    """What becomes of the extra samples, in a sentence or three."""
    n, n_out = sum(count_extra(samples).values()), int((folds.fold == LEFT_OUT).sum())
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
        words += f" {count_of(n_out, 'row')} {agree(n_out, 'is', 'are')} {like}, of several folds or the holdout."
        words += " No model sees them."
    return words
