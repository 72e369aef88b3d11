"""What folds are balanced by: the labels of a target as sparse columns, missing labels as columns of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.advice import option, options
from podium.errors import SplitError
from podium.tables import Head, Samples

__all__ = ["Strata", "build_strata", "choose_targets"]

_MULTI_FIX = (
    f"Use {options(split_method='multilabel')} or 'multilabel_group', or name another target with"
    f" {option('stratify_by')}."
)


@dataclass(frozen=True)
class Strata:
    """Columns that every fold should hold a fair share of. N samples, L columns.

    Args:
        matrix: scipy CSR matrix of 0 and 1, int64, shape (N, L).
        names: Head and class of every column.
        is_class: False for columns that stand for a missing label or for no label at all, shape (L,).
    """

    matrix: Any
    names: tuple[tuple[str, str], ...]
    is_class: NDArray[np.bool_]

    @property
    def codes(self) -> NDArray[np.int64]:
        """The one column of every sample, shape (N,); only where each sample lies in exactly one."""
        if not np.array_equal(self.matrix.indptr, np.arange(self.matrix.shape[0] + 1)):
            raise AssertionError("a sample lies in several strata")
        return np.asarray(self.matrix.indices, dtype=np.int64)


def choose_targets(samples: Samples, target: str | None, *, is_multilabel: bool) -> tuple[Head, ...]:
    """The heads to balance by.

    Args:
        samples: Labelled samples.
        target: A head or the composite class; None takes the main target, or every head if `is_multilabel`.
        is_multilabel: Whether the method balances many columns at once.

    Raises:
        SplitError: If the samples have no labels, or the one target is multi-label and the method takes one class
            a sample.
        UnknownNameError: If there is no such target.
    """
    if samples.task is None:
        raise SplitError(
            "cannot stratify: the samples have no labels.", fix=f"Use {options(split_method='group')} or 'random'."
        )
    task = samples.task
    if target is None:
        heads = task.heads if is_multilabel else (task.main_target,)
    elif task.composite is not None and target == task.composite.name:
        heads = (task.targets[0],)
    else:
        heads = (task.head(target),)
    if not is_multilabel and heads[0].is_multi:
        raise SplitError(
            f"target {heads[0].name!r} is multi-label; this method needs one class per sample.", fix=_MULTI_FIX
        )
    return heads


def build_strata(samples: Samples, heads: tuple[Head, ...]) -> Strata:
    """The columns of these heads, one after the other.

    A single head gives one column a class and one for missing labels. A multi-label head gives one column a class
    (positive), one for samples without any positive, and one a class for missing entries. Columns that no sample
    falls in are left out, except classes.
    """
    from scipy import sparse

    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int64]] = []
    names: list[tuple[str, str]] = []
    is_class: list[bool] = []
    for head in heads:
        labels = samples.target_labels(head.name)
        parts = _multi_columns(head, labels) if head.is_multi else _single_columns(head, labels)
        for name, members, counts_as_class in parts:
            if len(members) or counts_as_class:
                rows.append(members)
                columns.append(np.full(len(members), len(names), dtype=np.int64))
                names.append((head.name, name))
                is_class.append(counts_as_class)
    place = (np.concatenate(rows), np.concatenate(columns))
    ones = np.ones(len(place[0]), dtype=np.int64)
    matrix = sparse.csr_matrix((ones, place), shape=(len(samples), len(names)))
    matrix.sort_indices()
    return Strata(matrix, tuple(names), np.asarray(is_class, dtype=bool))


_Column = tuple[str, NDArray[np.int64], bool]


def _single_columns(head: Head, labels: NDArray[np.integer[Any]]) -> list[_Column]:
    order = np.argsort(labels, kind="stable")
    edges = np.searchsorted(labels[order], np.arange(-1, head.n_classes + 1))
    members = [order[edges[i] : edges[i + 1]] for i in range(head.n_classes + 1)]
    columns: list[_Column] = [(name, rows, True) for name, rows in zip(head.classes, members[1:], strict=True)]
    return [*columns, ("missing", members[0], False)]


def _multi_columns(head: Head, labels: NDArray[np.integer[Any]]) -> list[_Column]:
    columns: list[_Column] = [(name, np.flatnonzero(labels[:, i] == 1), True) for i, name in enumerate(head.classes)]
    columns.append(("none", np.flatnonzero(~(labels == 1).any(axis=1)), False))
    columns += [(f"{name} missing", np.flatnonzero(labels[:, i] < 0), False) for i, name in enumerate(head.classes)]
    return columns
