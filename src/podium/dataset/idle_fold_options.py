"""Fold options that change nothing, because the folds are already made or the method does not ask for them."""

from __future__ import annotations

from dataclasses import fields

from podium.advice import option, options
from podium.dataset.fold_options import FoldOptions
from podium.errors import UsageError
from podium.listing import list_some
from podium.machine import Caution
from podium.splits import choose_method
from podium.tables import Samples

__all__ = ["given_fold_options", "note_idle_fold_options"]

_MAKE_FOLDS = ("folds", "split_seed", "stratify_by")
"""Options that only speak of folds that are made here; "predefined" refuses `holdout_fraction` itself."""
_UNBALANCED = {"random": "deals rows blindly", "group": "balances no classes"}


def given_fold_options(given: FoldOptions, *, n_folds: int | None = None) -> list[str]:
    """Names of the options that differ from their defaults; a number of folds that is `n_folds` anyway says nothing."""
    plain = FoldOptions()
    names = [item.name for item in fields(given) if getattr(given, item.name) != getattr(plain, item.name)]
    return [name for name in names if name != "folds" or given.folds != n_folds]


def note_idle_fold_options(samples: Samples, given: FoldOptions, n_folds: int) -> Caution | None:
    """What to say where an option has no effect beside folds that nobody asked for, such as those of folders.

    Args:
        samples: The samples.
        given: How they are to be divided.
        n_folds: How many folds there will be.

    Raises:
        UsageError: If two options contradict each other: a column of folds, or a method that was named, and an option
            that it does not follow.
    """
    method = choose_method(samples, given.split_method, given.stratify_by)
    names = given_fold_options(given, n_folds=n_folds)
    if method == "predefined":
        idle = [name for name in _MAKE_FOLDS if name in names]
        source = "the column of folds" if samples.fold is not None else "the data's own split"
        because = f"{source} is used as it is, which makes {n_folds} fold{'s' * (n_folds != 1)}"
        fix = f"To make new folds instead, set {options(split_method='stratified')}."
    else:
        idle = [name for name in ("stratify_by",) if name in names and method in _UNBALANCED]
        because = f"split method {method!r} {_UNBALANCED.get(method, '')}"
        fix = f"Use {options(split_method='auto')}, or leave out {option('stratify_by')}."
    if not idle:
        return None
    if given.split_method != "auto" or samples.fold is not None:
        raise UsageError(f"has no effect, for {because}.", field=idle[0], fix=f"Leave it out. {fix}")
    return Caution(f"{list_some([option(name) for name in idle])} had no effect, for {because}. {fix}")
