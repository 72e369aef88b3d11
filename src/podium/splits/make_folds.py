"""Folds and holdout from a table of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from podium.advice import option, options
from podium.arguments import strict_arguments
from podium.errors import SplitError, UnknownNameError, UsageError
from podium.listing import count_of
from podium.splits.check_classes import check_class_counts, check_classes_left
from podium.splits.deal_rows import deal_at_random, deal_by_stratum, take_at_random, take_by_stratum
from podium.splits.deal_units import deal_units
from podium.splits.extra_rows import place_extra
from podium.splits.given_folds import number_given_folds
from podium.splits.strata import Strata, build_strata, choose_targets
from podium.splits.take_latest import take_latest
from podium.tables import ALWAYS_TRAIN, HOLDOUT, Folds, Samples

__all__ = ["GROUPED_METHODS", "SplitMethod", "check_request", "choose_method", "make_folds"]

SplitMethod = Literal[
    "auto", "stratified", "group", "stratified_group", "multilabel", "multilabel_group", "random", "predefined"
]
GROUPED_METHODS = ("group", "stratified_group", "multilabel_group")
_MULTILABEL = ("multilabel", "multilabel_group")


@strict_arguments()
def make_folds(
    samples: Samples,
    *,
    folds: int = 5,
    split_seed: int = 0,
    split_method: SplitMethod = "auto",
    stratify_by: str | None = None,
    holdout_fraction: float = 0.0,
    strict: bool = False,
) -> Folds:
    """A fold for every sample, the same whatever the order of the rows.

    Methods: "stratified" gives every fold its share of each class; "group" keeps groups whole; "stratified_group"
    does both. "multilabel" and "multilabel_group" share out every positive label of every head. "random" deals rows
    blindly, even through groups: it shows what a careless split would have claimed. "predefined" follows the source:
    the folds that it gives its rows, in the order of their numbers or names; else rows of split "valid" are fold 0.
    Rows of split "test" are the holdout, all others train.

    Rows that the source calls "test" are the holdout under every method, and rows of split "extra" only train, see
    `place_extra`: folds of the others are as they would be without. A missing label is a class of its own for
    balance, so unlabelled rows are spread too.

    Args:
        samples: The samples; labels are needed by every method but "group", "random" and "predefined".
        folds: Number of folds, at least 2; "predefined" has the source's.
        split_seed: Seed of every random choice, 0 or more.
        split_method: One of the above; "auto" takes "predefined" if the source gives folds, or train and valid rows,
            keeps groups whole if any are named, and balances every head's labels if there are several heads or a
            multi-label one.
        stratify_by: Head or composite class to balance by; None takes the main target, or all heads for multi-label.
        holdout_fraction: Share of the samples that no model sees, in [0, 1), chosen first, by the same method; the
            latest ones where samples have a time.
        strict: Refuse a class that has fewer samples (or groups) than there are folds. By default it is validated in
            the folds that hold some of it; `summarise_folds` names such classes.

    Returns:
        The folds, in the row order of the samples.

    Raises:
        UsageError: If a number is out of its range, or `split_method` or `stratify_by` names nothing.
        SplitError: If the samples cannot meet the request; says the largest number of folds that can.

    Example:
        >>> from pathlib import Path
        >>> from podium.tables import Head, Samples, Task, as_text_array
        >>> ids = as_text_array([f"{i}.jpg" for i in range(8)])
        >>> people = as_text_array(["ann", "ann", "bob", "bob", "cleo", "cleo", "dan", "dan"])
        >>> task = Task((Head("mask", "single", ("worn", "none")),))
        >>> samples = Samples(Path("."), ids, ids, task, {"mask": np.array([0, 1] * 4)}, group=people)
        >>> folds = make_folds(samples, folds=2)
        >>> folds.method, np.bincount(folds.fold).tolist(), bool((folds.fold[::2] == folds.fold[1::2]).all())
        ('stratified_group', [4, 4], True)

    Source:
        scikit-learn's StratifiedKFold for single rows; Sechidis et al. 2011 for many labels (see `deal_units`).
    """
    main = samples.without_extra
    if main is not samples:
        made = make_folds(
            main,
            folds=folds,
            split_seed=split_seed,
            split_method=split_method,
            stratify_by=stratify_by,
            holdout_fraction=holdout_fraction,
            strict=strict,
        )
        return place_extra(samples, made, samples.group_keys)
    chosen = _check_options(samples, folds, split_seed, split_method, stratify_by, holdout_fraction)
    if chosen == "predefined":
        fold = _follow_source(samples, holdout_fraction)
        folds = 1 + int(fold.max())
    else:
        hand = _take_up(samples, folds, split_seed, chosen, stratify_by, holdout_fraction, strict)
        fold = _deal(samples, hand, folds, split_seed, chosen)
    return Folds(samples.ids, fold, folds, chosen, split_seed, samples.digest)


def check_request(
    samples: Samples,
    *,
    folds: int = 5,
    split_seed: int = 0,
    split_method: SplitMethod = "auto",
    stratify_by: str | None = None,
    holdout_fraction: float = 0.0,
    strict: bool = False,
) -> int:
    """How many folds `make_folds` would make; refuses what it would refuse, without the work of dealing.

    Raises:
        UsageError: If a number is out of its range, or `split_method` or `stratify_by` names nothing.
        SplitError: If the samples cannot meet the request.
    """
    samples = samples.without_extra
    chosen = _check_options(samples, folds, split_seed, split_method, stratify_by, holdout_fraction)
    if chosen == "predefined":
        return 1 + int(_follow_source(samples, holdout_fraction).max())
    _take_up(samples, folds, split_seed, chosen, stratify_by, holdout_fraction, strict)
    return folds


def _check_options(
    samples: Samples, n_folds: int, seed: int, method: str, target: str | None, holdout_fraction: float
) -> str:
    """The method to use, once the options fit each other and the samples."""
    chosen = choose_method(samples, method, target)
    if seed < 0:
        raise UsageError(f"must be 0 or more, got {seed}.", field="split_seed")
    if chosen != "predefined":
        _check_request(samples, n_folds, holdout_fraction, chosen)
    return chosen


def choose_method(samples: Samples, split_method: str = "auto", stratify_by: str | None = None) -> str:
    """The method that `make_folds` would use.

    Raises:
        UnknownNameError: If `split_method` is none of the known ones.
    """
    if split_method not in get_args(SplitMethod):
        raise UnknownNameError("split method", split_method, get_args(SplitMethod), field="split_method")
    if split_method != "auto":
        return split_method
    samples = samples.without_extra
    if samples.fold is not None or _has_train_and_valid(samples):
        return "predefined"
    if samples.task is None:
        return "group" if samples.has_groups else "random"
    task = samples.task
    if stratify_by is None:
        is_multilabel = task.main_target.is_multi or (task.composite is None and len(task.heads) > 1)
    else:
        is_multilabel = any(head.name == stratify_by and head.is_multi for head in task.heads)
    if samples.has_groups:
        return "multilabel_group" if is_multilabel else "stratified_group"
    return "multilabel" if is_multilabel else "stratified"


def _has_train_and_valid(samples: Samples) -> bool:
    return samples.split is not None and {"train", "valid"} <= set(samples.split.tolist())


def _follow_source(samples: Samples, holdout_fraction: float) -> NDArray[np.int64]:
    """Fold of every sample as the source divides them, shape (N,)."""
    if holdout_fraction:
        raise SplitError(
            "split method 'predefined' holds out only the rows of split 'test',"
            f" got holdout_fraction={holdout_fraction}.",
            fix=f"Use another {option('split_method')}, or leave out {option('holdout_fraction')}.",
        )
    if samples.fold is not None:
        fold = number_given_folds(samples)
    elif _has_train_and_valid(samples):
        fold = np.where(samples.split == "valid", 0, ALWAYS_TRAIN).astype(np.int64)
    else:
        named = sorted(set(samples.split.tolist())) if samples.split is not None else "none"
        raise SplitError(
            f"split method 'predefined' needs samples of split 'train' and of split 'valid'; the source names {named}.",
            fix=f"Use {options(split_method='auto')} to make folds instead.",
        )
    if samples.split is not None:
        fold[samples.split == "test"] = HOLDOUT
    return fold


def _check_request(samples: Samples, n_folds: int, holdout_fraction: float, method: str) -> None:
    if n_folds < 2:
        raise UsageError(
            f"must be at least 2, got {n_folds}.",
            field="folds",
            fix=f"For a single train/valid split, train one fold of several: {options(folds=5, only_folds=[0])}.",
        )
    if not 0.0 <= holdout_fraction < 1.0:
        raise UsageError(f"must be in [0, 1), got {holdout_fraction}.", field="holdout_fraction")
    if holdout_fraction and samples.split is not None and "test" in samples.split.tolist():
        raise SplitError(
            f"the source already holds out rows of split 'test', got holdout_fraction={holdout_fraction}.",
            fix=f"Leave out {option('holdout_fraction')}, or clear the split column.",
        )
    if method in GROUPED_METHODS and not samples.has_groups:
        raise SplitError(
            f"split method {method!r} needs groups, but no sample names one.",
            fix=f"Name a group column or pattern with {option('group')}, or use {options(split_method='auto')}.",
        )


@dataclass(frozen=True)
class _Hand:
    """What is to be dealt: places of the rows, by id, that are not held out, shape (M,); their unit and strata."""

    rows: NDArray[np.int64]
    unit: NDArray[np.int64]
    strata: Strata | None


def _take_up(
    samples: Samples,
    n_folds: int,
    seed: int,
    method: str,
    target: str | None,
    holdout_fraction: float,
    strict: bool,
) -> _Hand:
    """The rows to deal, the holdout taken off, once every class can fill the folds."""
    # By id, so that the order of the rows does not matter.
    order = np.asarray(sorted(range(len(samples)), key=samples.ids.tolist().__getitem__), dtype=np.int64)
    if samples.split is not None:
        order = order[samples.split[order] != "test"]
    rows = samples if np.array_equal(order, np.arange(len(samples))) else samples.take(order)
    strata = None
    if method not in ("random", "group"):
        strata = build_strata(rows, choose_targets(rows, target, is_multilabel=method in _MULTILABEL))
    unit = number_groups(rows.group_keys.tolist()) if method in GROUPED_METHODS else np.arange(len(rows))
    free = np.arange(len(rows))
    if holdout_fraction:
        _check_units(unit, 2, method, "a holdout and folds")
        if rows.time is not None:
            is_held = take_latest(rows.time, unit, holdout_fraction)
        else:
            is_held = _take(method, strata, unit, holdout_fraction, np.random.default_rng([seed, 1]))
        free = np.flatnonzero(~is_held)
        if strata is not None and strict:
            check_classes_left(strata, free)
    unit = np.unique(unit[free], return_inverse=True)[1]
    strata = None if strata is None else Strata(strata.matrix[free], strata.names, strata.is_class)
    _check_units(unit, n_folds, method, count_of(n_folds, "fold"))
    if strata is not None and strict:
        check_class_counts(strata, unit, n_folds, is_grouped=method in GROUPED_METHODS)
    return _Hand(order[free], unit, strata)


def _deal(samples: Samples, hand: _Hand, n_folds: int, seed: int, method: str) -> NDArray[np.int64]:
    """Fold of every sample, shape (N,)."""
    fold = np.full(len(samples), HOLDOUT, dtype=np.int64)
    fold[hand.rows] = _make_parts(method, hand.strata, hand.unit, n_folds, np.random.default_rng([seed, 0]))
    return fold


def number_groups(keys: Sequence[str]) -> NDArray[np.int64]:
    """Numbers 0, 1, ... of the groups in order of their first row, shape (N,)."""
    number: dict[str, int] = {}
    return np.fromiter((number.setdefault(key, len(number)) for key in keys), dtype=np.int64, count=len(keys))


def _check_units(unit: NDArray[np.int64], n_needed: int, method: str, purpose: str) -> None:
    n_units = len(np.unique(unit))
    if n_units < n_needed:
        noun = "groups" if method in GROUPED_METHODS else "samples"
        fix = f"Use at most {count_of(n_units, 'fold')}." if n_units >= 2 else f"Add more {noun}."
        if method in GROUPED_METHODS and n_units < 2:
            fix = "Check the group column: a group should be one person or patient, not the whole data set."
        retry = {"folds": n_units} if n_needed > 2 and n_units >= 2 else None
        few = f"1 {noun[:-1]} is" if n_units == 1 else f"{n_units} {noun} are"
        raise SplitError(f"{few} too few for {purpose}.", fix=fix, retry=retry)


def _take(
    method: str, strata: Strata | None, unit: NDArray[np.int64], fraction: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Mask of the holdout, shape (N,)."""
    if method == "random":
        return take_at_random(len(unit), fraction, rng)
    if method == "stratified" and strata is not None:
        return take_by_stratum(strata.codes, fraction, rng)
    part = deal_units(count_units(strata, unit), np.asarray([fraction, 1 - fraction]), rng)
    return np.asarray(part[unit] == 0)


def _make_parts(
    method: str, strata: Strata | None, unit: NDArray[np.int64], n_folds: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Fold of every row, shape (N,)."""
    if method == "random":
        return deal_at_random(len(unit), n_folds, rng)
    if method == "stratified" and strata is not None:
        return deal_by_stratum(strata.codes, n_folds, rng)
    return deal_units(count_units(strata, unit), np.full(n_folds, 1.0 / n_folds), rng)[unit]


def count_units(strata: Strata | None, unit: NDArray[np.int64]) -> Any:
    """What each unit holds: a scipy CSR matrix of counts, shape (U, L + 1); the last column is its rows."""
    from scipy import sparse

    n_units = int(unit.max()) + 1
    ones = np.ones(len(unit), dtype=np.int64)
    size = sparse.csr_matrix(np.bincount(unit, minlength=n_units).astype(np.int64)[:, None])
    if strata is None:
        return size
    member = sparse.csr_matrix((ones, (unit, np.arange(len(unit)))), shape=(n_units, len(unit)))
    return sparse.hstack([member @ strata.matrix, size], format="csr")
