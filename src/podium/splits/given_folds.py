"""Folds that the source gives its rows by number or name, as fold numbers from 0."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.errors import SplitError
from podium.tables import ALWAYS_TRAIN, Samples, order_fold_names

__all__ = ["number_given_folds"]


def number_given_folds(samples: Samples) -> NDArray[np.int64]:
    """Fold number of every sample, shape (N,); ALWAYS_TRAIN where the source gives none, and for rows of split "test".

    Raises:
        SplitError: If there is no fold, or one fold and nothing beside it to train on.
    """
    assert samples.fold is not None, "the source gives no folds"
    is_held = np.zeros(len(samples), dtype=bool) if samples.split is None else samples.split == "test"
    names = order_fold_names(samples.fold[~is_held].tolist())
    number = {name: place for place, name in enumerate(names)}
    fold = np.array([number.get(name, ALWAYS_TRAIN) for name in samples.fold], dtype=np.int64)
    fold[is_held] = ALWAYS_TRAIN
    if len(names) < 2 and not (names and (fold[~is_held] == ALWAYS_TRAIN).any()):
        found = f"only fold {names[0]!r}, and no row without a fold" if names else "no fold"
        raise SplitError(
            f"the column of folds names {found}.",
            field="fold_column",
            fix=f"Name a column with two folds or more, or leave out {option('fold_column')}.",
        )
    return fold
