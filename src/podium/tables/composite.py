"""A composite class: several attributes read as one class number, and back.

Contests number their classes by a formula such as `mask*6 + gender*3 + age`. It is a bijection when every class
number 0..n-1 is met once; that is checked, never assumed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import LabelError
from podium.listing import count_of

__all__ = ["Composite"]

_TERM = re.compile(r"^(?:(?P<name>[^*+]+?)(?:\s*\*\s*(?P<stride>\d+))?|(?P<left>\d+)\s*\*\s*(?P<right>[^*+]+?))$")


@dataclass(frozen=True)
class Composite:
    """Class number = sum over heads of stride x class index of that head.

    Args:
        name: Name of the composite target, such as "class".
        heads: Names of the heads it joins.
        head_classes: Class names of each of these heads, in their order.
        strides: One factor a head.

    Raises:
        LabelError: If a head occurs twice, or the numbers met are not exactly 0..n-1, each once.

    Example:
        >>> sizes = {"mask": ("worn", "wrong", "none"), "gender": ("male", "female"), "age": ("<30", "30-59", ">=60")}
        >>> composite = Composite.from_formula("mask*6 + gender*3 + age", sizes)
        >>> int(composite.encode({"mask": np.array([1]), "gender": np.array([1]), "age": np.array([2])})[0])
        11
        >>> composite.classes[11]
        'wrong, female, >=60'
    """

    name: str
    heads: tuple[str, ...]
    head_classes: tuple[tuple[str, ...], ...]
    strides: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.heads) < 2 or not len(self.heads) == len(self.head_classes) == len(self.strides):
            raise LabelError(f"composite {self.name!r} needs two or more heads, each with a factor.")
        if len(set(self.heads)) != len(self.heads):
            raise LabelError(f"composite {self.name!r} names a head twice: {list(self.heads)}.")
        numbers = np.sort(self._grid_numbers())
        expected = np.arange(self.n_classes)
        if not np.array_equal(numbers, expected):
            wrong = sorted(set(expected.tolist()) ^ set(numbers.tolist()))[:10]
            raise LabelError(
                f"class formula {self.formula!r} does not number {count_of(self.n_classes, 'combination')} 0 to"
                f" {self.n_classes - 1}, each once; first wrong numbers: {wrong}.",
                fix=f"With these class counts {self._sizes}, try {self._natural_formula()!r}.",
            )

    @classmethod
    def from_heads(cls, head_classes: Mapping[str, Sequence[str]], *, name: str = "class") -> Composite:
        """The natural numbering: the last head runs fastest."""
        sizes = [len(classes) for classes in head_classes.values()]
        strides = tuple(prod(sizes[position + 1 :]) for position in range(len(sizes)))
        return cls(name, tuple(head_classes), tuple(tuple(classes) for classes in head_classes.values()), strides)

    @classmethod
    def from_formula(cls, formula: str, head_classes: Mapping[str, Sequence[str]], *, name: str = "class") -> Composite:
        """The numbering of a contest's formula, a sum of `head*factor` terms.

        Args:
            formula: Such as "mask*6 + gender*3 + age".
            head_classes: Class names of every head that may occur in it, in order.
            name: Name of the composite target.

        Raises:
            LabelError: If a term cannot be read, names no head, or the numbers are not 0..n-1, each once.
        """
        heads: list[str] = []
        strides: list[int] = []
        for term in formula.split("+"):
            found = _TERM.match(term.strip())
            if found is None:
                raise LabelError(
                    f"cannot read {term.strip()!r} in class formula {formula!r}.", fix="Use 'head*factor'."
                )
            head = (found["name"] or found["right"]).strip()
            if head not in head_classes:
                raise LabelError(
                    f"class formula {formula!r} names {head!r}; heads are {list(head_classes)}.",
                    fix="Write each head once, such as 'mask*6 + gender*3 + age'.",
                )
            heads.append(head)
            strides.append(int(found["stride"] or found["left"] or 1))
        return cls(name, tuple(heads), tuple(tuple(head_classes[head]) for head in heads), tuple(strides))

    @property
    def _sizes(self) -> tuple[int, ...]:
        return tuple(len(classes) for classes in self.head_classes)

    @property
    def n_classes(self) -> int:
        """Number of composite classes: the product of the heads' class counts."""
        return prod(self._sizes)

    @property
    def formula(self) -> str:
        """The class number as text."""
        return " + ".join(
            head if stride == 1 else f"{head}*{stride}" for head, stride in zip(self.heads, self.strides, strict=True)
        )

    def _natural_formula(self) -> str:
        strides = [prod(self._sizes[position + 1 :]) for position in range(len(self._sizes))]
        return " + ".join(f"{head}*{stride}" for head, stride in zip(self.heads, strides, strict=True))

    def _grid_numbers(self) -> NDArray[np.int64]:
        grid = np.indices(self._sizes).reshape(len(self._sizes), -1)  # (heads, n)
        return np.asarray(np.asarray(self.strides, dtype=np.int64) @ grid, dtype=np.int64)

    @property
    def table(self) -> NDArray[np.int64]:
        """Attribute indices of every class number, shape (n_classes, n_heads)."""
        grid = np.indices(self._sizes).reshape(len(self._sizes), -1)
        table = np.empty((self.n_classes, len(self.heads)), dtype=np.int64)
        table[self._grid_numbers()] = grid.T
        return table

    @property
    def classes(self) -> tuple[str, ...]:
        """Name of every class number: the attributes' names, joined by ", "."""
        return tuple(
            ", ".join(self.head_classes[column][index] for column, index in enumerate(row)) for row in self.table
        )

    def encode(self, labels: Mapping[str, NDArray[np.integer[Any]]]) -> NDArray[np.int64]:
        """Class numbers of attribute indices.

        Args:
            labels: Per head, indices of shape (N,); -1 is missing.

        Returns:
            Class numbers, shape (N,); -1 where any attribute is missing.
        """
        columns = [np.asarray(labels[head], dtype=np.int64) for head in self.heads]
        number = sum(stride * column for stride, column in zip(self.strides, columns, strict=True))
        is_missing = np.any([column < 0 for column in columns], axis=0)
        return np.where(is_missing, -1, number).astype(np.int64)

    def decode(self, numbers: NDArray[np.integer[Any]]) -> dict[str, NDArray[np.int64]]:
        """Attribute indices of class numbers, shape (N,) each; -1 stays -1.

        Raises:
            LabelError: If a number is not in [-1, n_classes).
        """
        numbers = np.asarray(numbers, dtype=np.int64)
        if numbers.size and (numbers.min() < -1 or numbers.max() >= self.n_classes):
            raise LabelError(f"class numbers must be in [0, {self.n_classes}), got {numbers.min()} to {numbers.max()}.")
        rows = np.where((numbers < 0)[:, None], -1, self.table[np.maximum(numbers, 0)])
        return {head: rows[:, column] for column, head in enumerate(self.heads)}

    def joint_probs(self, probs: Mapping[str, NDArray[np.floating[Any]]]) -> NDArray[np.float64]:
        """Composite probabilities as the product of the attributes', shape (N, n_classes)."""
        columns = [np.asarray(probs[head], dtype=np.float64)[:, self.table[:, i]] for i, head in enumerate(self.heads)]
        joint: NDArray[np.float64] = np.prod(np.stack(columns), axis=0)
        return joint

    def marginal_probs(self, probs: NDArray[np.floating[Any]]) -> dict[str, NDArray[np.float64]]:
        """Attribute probabilities as sums over the composite's, shape (N, C) each."""
        marginals = {}
        for column, head in enumerate(self.heads):
            member = np.zeros((self.n_classes, self._sizes[column]))
            member[np.arange(self.n_classes), self.table[:, column]] = 1.0
            marginals[head] = np.asarray(probs, dtype=np.float64) @ member
        return marginals

    def to_dict(self) -> dict[str, Any]:
        """The composite as JSON-ready data."""
        return {
            "name": self.name,
            "formula": self.formula,
            "heads": list(self.heads),
            "head_classes": [list(classes) for classes in self.head_classes],
            "strides": list(self.strides),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Composite:
        """The composite that `to_dict` wrote."""
        classes = tuple(tuple(item) for item in record["head_classes"])
        return cls(record["name"], tuple(record["heads"]), classes, tuple(record["strides"]))
