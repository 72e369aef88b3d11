"""Refusing folds that a class is too rare for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.advice import option, options
from podium.errors import SplitError
from podium.listing import count_of
from podium.splits.strata import Strata

__all__ = ["check_class_counts", "check_classes_left", "count_class_units"]


def check_class_counts(strata: Strata, unit: NDArray[np.int64], n_folds: int, *, is_grouped: bool) -> None:
    """Raise if a class lives in fewer units than there are folds, for then a fold would hold none of it.

    A class without any sample is let pass: no number of folds would help it.

    Args:
        strata: Columns of the target.
        unit: Group of every row, or the row itself, shape (N,).
        n_folds: Folds asked for.
        is_grouped: Whether units are groups, for the wording.

    Raises:
        SplitError: Names the rarest class, its count, and the largest number of folds that every class can fill.
    """
    n_units = count_class_units(strata, unit)
    is_rare = strata.is_class & (n_units > 0) & (n_units < n_folds)
    if not is_rare.any():
        return
    rare = np.flatnonzero(is_rare)[np.argsort(n_units[is_rare], kind="stable")]
    fewest = int(n_units[rare[0]])
    head, name = strata.names[rare[0]]
    noun = "group" if is_grouped else "image"
    others = (
        f" ({count_of(len(rare) - 1, 'other class has', 'other classes have')} too few, too)" if len(rare) > 1 else ""
    )
    allow = f"leave out {option('strict')} to accept folds that lack it"
    fix = f"Add images, merge the class with another, or {allow}."
    if fewest >= 2:
        fix = f"Use {options(folds=fewest)}, or {allow}."
    raise SplitError(
        f"class {name!r} of {head!r} has {count_of(fewest, noun)}, fewer than {count_of(n_folds, 'fold')}{others}.",
        fix=fix,
        retry={"folds": fewest} if fewest >= 2 else {"strict": False},
        details=[f"{strata.names[i][0]}={strata.names[i][1]}: {count_of(n_units[i], noun)}" for i in rare],
    )


def check_classes_left(strata: Strata, free: NDArray[np.int64]) -> None:
    """Raise if a class is in the holdout whole, for then no model would know it.

    Args:
        strata: Columns of the target.
        free: Rows that are not held out.

    Raises:
        SplitError: Names the first such classes.
    """
    n_all, n_free = (np.asarray(matrix.sum(axis=0)).ravel() for matrix in (strata.matrix, strata.matrix[free]))
    lost = [strata.names[i] for i in np.flatnonzero(strata.is_class & (n_all > 0) & (n_free == 0))]
    if not lost:
        return
    head, name = lost[0]
    others = f" ({count_of(len(lost) - 1, 'other class')} too)" if len(lost) > 1 else ""
    raise SplitError(
        f"every image of class {name!r} of {head!r} is in the holdout{others}.",
        fix=f"Use another {option('split_seed')} or a smaller {option('holdout_fraction')}, merge the class with"
        f" another, or leave out {option('strict')}.",
        details=[f"{head}={name}" for head, name in lost],
    )


def count_class_units(strata: Strata, unit: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of units that hold each column, shape (L,)."""
    by_column = strata.matrix.tocsc()
    spans = zip(by_column.indptr[:-1], by_column.indptr[1:], strict=True)
    return np.asarray([len(np.unique(unit[by_column.indices[a:b]])) for a, b in spans], dtype=np.int64)
