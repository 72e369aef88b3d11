"""Labels as scikit-learn's users give them, a column, a 0/1 matrix or several columns, as the heads of a task."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.exceptions import DataConversionWarning

from podium.errors import LabelError
from podium.listing import agree, count_of
from podium.tables import Composite, Head, Task

__all__ = ["LABEL", "GivenLabels", "read_given_labels"]

LABEL = "label"
"""Name of the head where the user names none."""


@dataclass(frozen=True, eq=False)
class GivenLabels:
    """A task and its labels.

    Args:
        task: A head for each column; one multi-label head for a 0/1 matrix.
        labels: Per head, class indices (N,), or 0 and 1 (N, C).
        classes: Per head, its classes as the user wrote them, in the order of the head's.
    """

    task: Task
    labels: dict[str, NDArray[np.integer[Any]]]
    classes: dict[str, NDArray[Any]]

    @property
    def is_multi_label(self) -> bool:
        """Whether an image can have several labels of one head."""
        return self.task.heads[0].is_multi

    @property
    def n_outputs(self) -> int:
        """Number of heads."""
        return len(self.task.heads)


def read_given_labels(y: Any, *, joint: bool = False, numbers_are_ordered: bool = False) -> GivenLabels:
    """The task that labels mean, as scikit-learn reads them.

    One column is one head. Several columns of 0 and 1 only are one multi-label head, a class a column. Any other
    columns are a head each. Columns of a data frame give their names.

    Args:
        y: Labels, shape (N,), or (N, K): an array, a list, a sparse 0/1 matrix, a pandas series or data frame.
        joint: Add the composite class over all heads, for a model that learns it in their place.
        numbers_are_ordered: Whether classes that are numbers make an ordinal head.

    Raises:
        LabelError: If labels are missing, are no classes, or a head has fewer than two of them.
    """
    columns = _read_columns(y)
    if len(columns) > 1 and all(_is_indicator(values) for values in columns.values()):
        matrix = np.column_stack(list(columns.values())).astype(np.int8)
        names = tuple(columns)
        return GivenLabels(Task((Head(LABEL, "multi", names),)), {LABEL: matrix}, {LABEL: np.array(names)})
    labels: dict[str, NDArray[np.integer[Any]]] = {}
    classes: dict[str, NDArray[Any]] = {}
    for name, values in columns.items():
        classes[name], labels[name] = _encode(name, values)
    heads = tuple(
        Head(name, "ordinal" if numbers_are_ordered and found.dtype.kind in "iuf" else "single", tuple(map(str, found)))
        for name, found in classes.items()
    )
    composite = None
    if joint and len(heads) > 1:
        composite = Composite.from_heads({head.name: head.classes for head in heads})
    return GivenLabels(Task(heads, composite), labels, classes)


def _read_columns(y: Any) -> dict[str, NDArray[Any]]:
    if isinstance(y, pd.DataFrame):
        columns = {str(name): y.iloc[:, place].to_numpy() for place, name in enumerate(y.columns)}
        if len(columns) != y.shape[1]:
            raise LabelError(f"two columns of y share a name: {[str(name) for name in y.columns]}.")
    else:
        values = np.asarray(y.toarray() if issparse(y) else y)
        if values.ndim == 2:
            columns = {_column_name(values, place): values[:, place] for place in range(values.shape[1])}
        elif values.ndim == 1:
            columns = {LABEL: values}
        else:
            raise LabelError(f"y has shape {values.shape}, expected (N,) or (N, K).")
    if len(columns) == 1 and np.ndim(y) == 2:
        warnings.warn(
            "y is a column of shape (N, 1); a vector of shape (N,) was expected.", DataConversionWarning, stacklevel=4
        )
    for name, values in columns.items():
        if pd.isna(values).any():
            raise LabelError(
                f"{count_of(int(pd.isna(values).sum()), 'label')} of {name!r}"
                f" {agree(int(pd.isna(values).sum()), 'is', 'are')} missing."
            )
    return columns


def _column_name(values: NDArray[Any], place: int) -> str:
    """A class of a 0/1 matrix is named by its number, an output as scikit-learn counts them."""
    if values.shape[1] == 1:
        return LABEL
    return str(place) if _is_indicator(values) else f"output{place}"


def _is_indicator(values: NDArray[Any]) -> bool:
    return values.dtype.kind in "biuf" and set(np.unique(values).tolist()) <= {0, 1}


def _encode(name: str, values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    if values.dtype.kind == "f" and (values != np.floor(values)).any():
        raise LabelError(f"{name!r} holds numbers that are no classes, such as {_first_fraction(values)}.")
    try:
        classes, indices = np.unique(values, return_inverse=True)
    except TypeError:
        kinds: Sequence[str] = sorted({type(value).__name__ for value in values.tolist()})
        raise LabelError(f"the labels of {name!r} are of several types: {', '.join(kinds)}.") from None
    return classes, indices.astype(np.int64)


def _first_fraction(values: NDArray[Any]) -> float:
    return float(values[values != np.floor(values)][0])
