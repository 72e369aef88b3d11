"""Class names of a column, their order, and cells to class indices."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.errors import LabelError, nearest_name
from podium.listing import agree, count_of

__all__ = ["encode_cells", "is_number", "looks_missing", "order_classes", "refuse_unknown"]

_MISSING_WORDS = frozenset({"na", "n/a", "nan", "null", "none", "unknown", "undefined", "?", "-"})


def order_classes(cells: Sequence[str]) -> tuple[str, ...]:
    """The class names among the cells: by value if all are numbers, else sorted as text. Empty cells are no class.

    Example:
        >>> order_classes(["10", "9", "", "007"])
        ('007', '9', '10')
        >>> order_classes(["b", "a", "10"])
        ('10', 'a', 'b')
    """
    names = sorted({cell for cell in cells if cell})
    numbers = [_as_number(name) for name in names]
    if any(number is None for number in numbers):
        return tuple(names)
    return tuple(name for _, name in sorted(zip(numbers, names, strict=True)))


def _as_number(name: str) -> float | None:
    try:
        value = float(name)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in name else None


def is_number(name: str) -> bool:
    """Whether a class name is a finite number.

    Example:
        >>> is_number("-0.5"), is_number("nan")
        (True, False)
    """
    return _as_number(name) is not None


def looks_missing(name: str) -> bool:
    """Whether a class name reads like a way to say that nothing is known.

    Example:
        >>> looks_missing("NA"), looks_missing("Nairobi")
        (True, False)
    """
    return name.strip().lower() in _MISSING_WORDS


def refuse_unknown(head: str, cells: Sequence[str], classes: Sequence[str], places: Sequence[str]) -> None:
    """Checks that every cell is empty or one of the classes.

    Raises:
        LabelError: If not; names the values, the nearest class and the first ten rows.
    """
    known = set(classes)
    wrong = [(place, cell) for place, cell in zip(places, cells, strict=True) if cell and cell not in known]
    if not wrong:
        return
    names = list(dict.fromkeys(cell for _, cell in wrong))
    near = nearest_name(names[0], classes)
    hint = f"Did you mean {near!r}? " if near else ""
    raise LabelError(
        f"{count_of(len(wrong), 'row')} of {head!r} {agree(len(wrong), 'holds', 'hold')}"
        f" {count_of(len(names), 'value')} that are not in its classes {list(classes)}:"
        f" {names[:5]}.",
        fix=f"{hint}Correct the cells, or add the class with {option('classes')}.",
        details=[f"{place}: {cell}" for place, cell in wrong],
    )


def encode_cells(cells: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    """Class indices, shape (N,); -1 for an empty cell. Every other cell must be a class."""
    index = {name: i for i, name in enumerate(classes)} | {"": -1}
    return np.fromiter((index[cell] for cell in cells), dtype=np.int64, count=len(cells))
