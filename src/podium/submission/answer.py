"""One answer column: what its cells mean, how they are read and written."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head

__all__ = ["Answer", "CellKind", "Meaning", "as_float", "as_int"]

CellKind = Literal["class_number", "class_name", "decision", "probability", "number_list", "name_list"]
Meaning = int | float | tuple[int, ...]
"""Class index, 0 or 1, probability, or the class indices of a list: in ascending order, or the most likely first."""

_INT = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def as_int(text: str) -> int | None:
    """The whole number a cell holds, or None; only plain ASCII digits count."""
    return int(text) if _INT.fullmatch(text) and len(text) < 20 else None


def as_float(text: str) -> float | None:
    """The finite number a cell holds, or None; nan, inf and 1_000 do not count."""
    value = float(text) if _FLOAT.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


@dataclass(frozen=True)
class Answer:
    """A column to fill.

    Args:
        column: Its name.
        head: The target it asks for.
        kind: What a cell holds.
        class_index: The class of a "decision" or "probability" column.
        numbers: The contest's number of every class, in the order of the head's classes.
        thresholds: Lowest probability of a 1 per class, for multi-label heads.
        delim: What joins the labels of a list.
        unknown: What a cell without an answer holds, meaning -1; "" where every cell has an answer.
        top_k: Number of classes that a list of a single-label head holds, the most likely first.
    """

    column: str
    head: Head
    kind: CellKind
    class_index: int | None
    numbers: tuple[int, ...]
    thresholds: tuple[float, ...]
    delim: str = ""
    top_k: int = 0
    unknown: str = ""

    def read(self, text: str) -> Meaning:
        """The meaning of a cell, blanks around it aside.

        Raises:
            ValueError: If it is none of this column; says what it should be.
        """
        text = text.strip()
        if self.unknown and text == self.unknown:
            return -1
        match self.kind:
            case "class_number":
                return self._index_of_number(text)
            case "class_name":
                return self._index_of_name(text)
            case "decision":
                if as_int(text) not in (0, 1):
                    raise ValueError(f"{text!r} is not 0 or 1")
                return int(text)
            case "probability":
                value = as_float(text)
                if value is None or not 0 <= value <= 1:
                    raise ValueError(f"{text!r} is not a probability in [0, 1]")
                return value
            case _:
                return self._read_list(text)

    def _index_of_number(self, text: str) -> int:
        number = as_int(text)
        if number is None or number not in self.numbers:
            low, high = min(self.numbers), max(self.numbers)
            raise ValueError(f"{text!r} is not a class number of {self.head.name!r} ({low} to {high})")
        return self.numbers.index(number)

    def _index_of_name(self, text: str) -> int:
        name = unicodedata.normalize("NFC", text)
        for index, known in enumerate(self.head.classes):
            if unicodedata.normalize("NFC", known) == name:
                return index
        raise ValueError(f"{text!r} is not a class of {self.head.name!r}")

    def _read_list(self, text: str) -> tuple[int, ...]:
        read = self._index_of_name if self.kind == "name_list" else self._index_of_number
        indices = [read(piece) for piece in text.split(self.delim)] if text else []
        if len(set(indices)) != len(indices):
            raise ValueError(f"{text!r} names a class twice")
        return tuple(indices) if self.top_k else tuple(sorted(indices))

    def write(self, meaning: Meaning) -> str:
        """A meaning as the text of a cell. Probabilities keep every digit that float64 needs to come back equal."""
        if self.unknown and meaning == -1:
            return self.unknown
        if isinstance(meaning, tuple):
            return self.delim.join(self._class_text(index) for index in meaning)
        if self.kind == "probability":
            return repr(float(meaning))
        return str(int(meaning)) if self.kind == "decision" else self._class_text(int(meaning))

    def _class_text(self, index: int) -> str:
        if self.kind in ("class_name", "name_list"):
            return self.head.classes[index]
        return str(self.numbers[index])

    def meanings(self, probs: NDArray[np.floating[Any]], decided: NDArray[np.int64]) -> list[Meaning]:
        """What to answer for every row.

        Args:
            probs: Probabilities of this column's target, shape (N, C).
            decided: Its decisions, as `podium.tables.decide` gives them.
        """
        match self.kind:
            case "class_number" | "class_name":
                return list(decided.tolist())
            case "probability":
                column = probs[:, self._column()].astype(np.float64)
                return list((np.clip(column, 0.0, 1.0) + 0.0).tolist())  # + 0.0 turns -0.0 into 0.0
            case "decision":
                return list(self.has_class(decided)[:, self._column()].astype(int).tolist())
            case _ if self.top_k:
                order = np.argsort(-probs, axis=1, kind="stable")
                return [tuple(row) for row in order[:, : self.top_k].tolist()]
            case _:
                return [tuple(np.flatnonzero(row).tolist()) for row in self.has_class(decided)]

    def has_class(self, decided: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which classes each row was given, shape (N, C)."""
        if self.head.is_multi:
            return np.asarray(decided == 1, dtype=np.bool_)
        return np.asarray(decided[:, None] == np.arange(self.head.n_classes), dtype=np.bool_)

    def _column(self) -> int:
        assert self.class_index is not None, "a column of one class knows which"
        return self.class_index
