"""The data of a search in three parts: untouched groups that judge the winner, the rest, and a proxy of the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from podium.dataset.prepared import Prepared
from podium.errors import LabelError, SplitError, UsageError
from podium.listing import count_of
from podium.splits import summarise_folds
from podium.splits.draw_proxy import draw_proxy
from podium.tables import HOLDOUT, LEFT_OUT, Folds

__all__ = ["hold_groups_out", "take_proxy", "untouched_share"]

MOST_SHARE, LEAST_SHARE = 0.2, 0.1
ENOUGH_GROUPS = 500
"""Groups whose interval is narrow enough; more are better used in the search."""
LEAST_GROUPS = 10
"""With fewer there is nothing to hold out."""


def untouched_share(n_groups: int) -> float:
    """Share of the groups that is held out: a fifth, less where a tenth is more than enough.

    Example:
        >>> [untouched_share(n) for n in (100, 3000, 100_000)]
        [0.2, 0.16666666666666666, 0.1]
    """
    return min(MOST_SHARE, max(LEAST_SHARE, ENOUGH_GROUPS / n_groups))


def hold_groups_out(prepared: Prepared, *, seed: int, share: float | None = None) -> Prepared:
    """The data with some groups in a holdout, whole, every label in its share; as they are where they have a holdout.

    Args:
        prepared: The data.
        seed: Seed of the draw.
        share: Share of the images; None takes `untouched_share`.

    Raises:
        LabelError: If the data have no labels.
        UsageError: If there are too few groups, or a fold would have nothing to validate.
    """
    samples, folds = prepared.samples, prepared.folds
    if samples.task is None:
        raise LabelError("these images have no labels, so there is nothing to search for.")
    if len(folds.holdout_rows):
        return prepared
    rows = np.flatnonzero(~samples.is_extra)
    main = samples.take(rows)
    n_groups = len(set(main.group_keys.tolist()))
    if n_groups < LEAST_GROUPS:
        raise UsageError(
            f"{count_of(n_groups, 'group')} are too few to keep some untouched, so no search can be judged.",
            field="data",
            fix=f"Search on data with {LEAST_GROUPS} groups or more, or compare recipes with `podium.study`.",
        )
    n = round((untouched_share(n_groups) if share is None else share) * len(main))
    held = rows[draw_proxy(main, max(1, n), seed=seed)]
    fold = folds.fold.copy()
    fold[held] = HOLDOUT
    if folds.kept_from is not None:  # extra images that are like judged ones, and perhaps like these
        fold[folds.kept_from >= 0] = LEFT_OUT
    return _with_folds(prepared, fold)


def _with_folds(prepared: Prepared, fold: NDArray[np.int64]) -> Prepared:
    try:
        folds = replace(prepared.folds, fold=fold)
    except SplitError as problem:
        raise UsageError(
            f"with some groups untouched, {problem.what}", field="folds", fix="Use fewer folds, or more groups."
        ) from None
    return replace(prepared, folds=folds, summary=summarise_folds(prepared.samples, folds))


def take_proxy(prepared: Prepared, n: int, *, seed: int) -> Prepared | None:
    """About `n` images that stand for all but the untouched ones, in whole groups and the same folds; None where there
    are no more.

    Args:
        prepared: Data with untouched groups.
        n: Images wanted.
        seed: Seed of the draw.
    """
    folds = prepared.folds
    rows = np.flatnonzero((folds.fold > HOLDOUT) & ~prepared.samples.is_extra)
    if len(rows) <= n:
        return None
    rows = rows[draw_proxy(prepared.samples.take(rows), n, seed=seed)]
    samples = prepared.samples.take(rows)
    try:
        part = Folds(folds.ids[rows], folds.fold[rows].copy(), folds.n_folds, folds.method, folds.seed, samples.digest)
    except SplitError:
        return None  # some fold has no group among so few: all images are searched
    return replace(
        prepared,
        samples=samples,
        folds=part,
        sha256=prepared.sha256[rows],
        quarantine=(),
        summary=summarise_folds(samples, part),
    )
