"""Classes made from a number, with borders that can move later.

The samples keep the numbers, so that 60 -> 58 is one call and no new scan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from podium.advice import option
from podium.errors import LabelError, UnknownNameError
from podium.listing import agree, count_of
from podium.tables import Composite, Head, Samples, Task

__all__ = ["assign_bins", "find_middles", "is_near_border", "name_bins", "parse_numbers", "rebin", "soft_bins"]


def parse_numbers(head: str, cells: Sequence[str], places: Sequence[str]) -> NDArray[np.float64]:
    """Cells as numbers, shape (N,); nan for an empty cell.

    Raises:
        LabelError: If a cell is no finite number; names the first ten rows.
    """
    numbers = np.full(len(cells), np.nan)
    wrong = []
    for i, cell in enumerate(cells):
        try:
            numbers[i] = float(cell) if cell else np.nan
            is_fine = not cell or math.isfinite(numbers[i])
        except ValueError:
            is_fine = False
        if not is_fine:
            wrong.append(f"{places[i]}: {cell}")
    if wrong:
        n = len(wrong)
        raise LabelError(
            f"{count_of(n, 'cell')} of {head!r} {agree(n, 'is not a number, so it', 'are not numbers, so they')} cannot"
            " be put into bins.",
            fix=f'Correct them, or name the cells that mean "not known" with {option("missing_values")}.',
            details=wrong,
        )
    return numbers


def name_bins(borders: Sequence[float], *, whole: bool) -> tuple[str, ...]:
    """Class names of the bins between borders.

    Args:
        borders: Rising finite numbers; a number equal to a border belongs to the bin above it.
        whole: Whether all numbers are whole, so that a bin can be named by its first and last number.

    Raises:
        LabelError: If there is no border, or they do not rise.

    Example:
        >>> name_bins([30, 60], whole=True)
        ('<30', '30-59', '>=60')
        >>> name_bins([0.5, 1], whole=False)
        ('<0.5', '[0.5, 1)', '>=1')
    """
    edges = [float(border) for border in borders]
    if not edges or not all(math.isfinite(edge) for edge in edges) or sorted(set(edges)) != edges:
        raise LabelError(f"borders must be one or more increasing numbers, got {list(borders)}.", fix="Try 30,60.")
    by_range = whole and all(edge.is_integer() and edge >= 0 for edge in edges)
    names = [f"<{_show(edges[0])}"]
    for low, high in pairwise(edges):
        if by_range:
            names.append(_show(low) if high - low == 1 else f"{_show(low)}-{_show(high - 1)}")
        else:
            names.append(f"[{_show(low)}, {_show(high)})")
    return (*names, f">={_show(edges[-1])}")


def _show(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)


def assign_bins(numbers: ArrayLike, borders: Sequence[float]) -> NDArray[np.int64]:
    """Bin of each number, shape (N,); -1 where it is nan.

    Example:
        >>> assign_bins([29, 30, 59, 60, np.nan], [30, 60]).tolist()
        [0, 1, 1, 2, -1]
    """
    values = np.asarray(numbers, dtype=np.float64)
    index = np.searchsorted(np.asarray(borders, dtype=np.float64), values, side="right")
    return np.where(np.isnan(values), -1, index).astype(np.int64)


def rebin(samples: Samples, head: str, borders: Sequence[float], *, names: Sequence[str] | None = None) -> Samples:
    """The samples with the borders of one head moved. Everything else stays.

    Args:
        samples: Samples whose head was made from numbers.
        head: The head.
        borders: New borders, rising.
        names: Class names of the new bins; made from the borders when None.

    Raises:
        UnknownNameError: If the head was not made from numbers.
        LabelError: If the borders do not rise, the names do not fit them, or the composite class does not allow the
            new number of bins.
    """
    if samples.task is None or head not in samples.numbers:
        raise UnknownNameError("head made from numbers", head, samples.numbers)
    numbers = samples.numbers[head]
    made = name_bins(borders, whole=is_whole(numbers))
    classes = tuple(names) if names is not None else made
    if len(classes) != len(made):
        raise LabelError(
            f"{count_of(len(borders), 'border makes', 'borders make')} {count_of(len(made), 'bin')}, but"
            f" {count_of(len(classes), 'name was', 'names were')} given."
        )
    heads = tuple(Head(head, "ordinal", classes) if old.name == head else old for old in samples.task.heads)
    composite = _renamed(samples.task.composite, head, classes)
    labels = dict(samples.labels) | {head: assign_bins(numbers, borders)}
    edges = {**samples.borders, head: tuple(float(border) for border in borders)}
    return replace(samples, task=Task(heads, composite), labels=labels, borders=edges)


def is_whole(numbers: NDArray[np.float64]) -> bool:
    """Whether every known number is whole."""
    known = numbers[~np.isnan(numbers)]
    return bool(np.all(known == np.floor(known)))


def _renamed(composite: Composite | None, head: str, classes: tuple[str, ...]) -> Composite | None:
    if composite is None or head not in composite.heads:
        return composite
    names = dict(zip(composite.heads, composite.head_classes, strict=True)) | {head: classes}
    return Composite.from_formula(composite.formula, names, name=composite.name)


def find_middles(numbers: NDArray[np.float64], borders: Sequence[float]) -> tuple[float, ...]:
    """Where borders lie between the numbers on either side: among whole numbers half way, so that 59 and 60 are equally
    near to the border 60; else where they are.

    Example:
        >>> find_middles(np.array([29.0, 30.0, np.nan]), [30, 60]), find_middles(np.array([29.5]), [30])
        ((29.5, 59.5), (30.0,))
    """
    is_between = is_whole(numbers) and all(float(border).is_integer() for border in borders)
    return tuple(float(border) - 0.5 * is_between for border in borders)


def is_near_border(numbers: ArrayLike, borders: Sequence[float], width: float) -> NDArray[np.bool_]:
    """Which numbers lie closer than `width` to a border, shape (N,); False where the number is nan.

    Their labels are the least sure; training may leave them out.

    Example:
        >>> is_near_border([26, 28, 30, 32, 33], [30], 3).tolist()
        [False, True, True, True, False]
    """
    values = np.asarray(numbers, dtype=np.float64)
    distance = np.abs(values[:, None] - np.asarray(borders, dtype=np.float64)[None, :]).min(axis=1)
    return np.asarray(distance < width)


def soft_bins(
    numbers: ArrayLike, borders: Sequence[float], width: float, *, shape: Literal["linear", "logistic"] = "linear"
) -> NDArray[np.float64]:
    """Shares of each number in the bins, shape (N, n_bins), rows summing to 1; rows of nan are nan.

    Over each border the share passes from the bin below to the bin above in a straight line that is `width` long to
    either side, or in a logistic curve of the same length that is twice as steep in the middle and stretched to reach 0
    and 1. With width 0 it is a step.

    Raises:
        LabelError: If the ramps of two borders would overlap.

    Example:
        >>> soft_bins([20, 30, 33, 80], [30, 60], 6).tolist()
        [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.25, 0.75, 0.0], [0.0, 0.0, 1.0]]
    """
    edges = np.asarray(borders, dtype=np.float64)
    if width < 0 or (len(edges) > 1 and np.diff(edges).min() < 2 * width):
        raise LabelError(
            f"ramps of {width} to either side of borders {list(borders)} overlap.", fix="Use a smaller width."
        )
    values = np.asarray(numbers, dtype=np.float64)[:, None]
    if width == 0:
        above = np.where(np.isnan(values), np.nan, values >= edges)
    else:
        with np.errstate(over="ignore"):  # a width near 0 is a step
            above = _RAMPS[shape](np.clip((values - edges) / width, -1, 1))
    padded = np.concatenate([np.ones_like(values), above, np.zeros_like(values)], axis=1)
    shares = padded[:, :-1] - padded[:, 1:]
    return np.where(np.isnan(values), np.nan, shares)


def _straight(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.5 + distance / 2


def _curved(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """A logistic curve over [-1, 1] is half a hyperbolic tangent."""
    return np.asarray(0.5 + np.tanh(_STEEPNESS * distance) / (2 * math.tanh(_STEEPNESS)))


_STEEPNESS = 2.0
_RAMPS = {"linear": _straight, "logistic": _curved}
