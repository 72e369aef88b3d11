"""A recipe key that a search varies, and the values it may take."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from podium.errors import CorruptFileError, UsageError

if TYPE_CHECKING:
    from optuna.trial import Trial

__all__ = ["Dimension", "spell"]


@dataclass(frozen=True)
class Dimension:
    """One recipe key of a search.

    Args:
        key: The key, such as "optimizer.lr".
        options: Values to choose from; empty for a range.
        low: Least value of a range.
        high: Largest value of a range.
        is_log: Whether the range is searched by powers, and not by equal steps.
        is_whole: Whether its values are whole numbers.

    Raises:
        UsageError: If it has fewer than two values, or a range is upside down or not above 0 on a log scale.
    """

    key: str
    options: tuple[Any, ...] = ()
    low: float = math.nan
    high: float = math.nan
    is_log: bool = False
    is_whole: bool = False

    def __post_init__(self) -> None:
        if self.options:
            return
        if not self.low < self.high or math.isinf(self.high - self.low):
            raise UsageError(
                f"{self.key}: expected a range from a lower to a higher number, got {self.low:g}..{self.high:g}.",
                field="space",
            )
        if self.is_log and self.low <= 0:
            raise UsageError(
                f"{self.key}: a log scale begins above 0, got {self.low:g}.", field="space", fix="Leave out :log."
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """A word for each option, by which a journal knows it."""
        return tuple(spell(option) for option in self.options)

    @property
    def words(self) -> str:
        """The key with its values, as a word of a space."""
        if self.options:
            return f"{self.key}={','.join(self.labels)}"
        return f"{self.key}={self.low:g}..{self.high:g}{':log' if self.is_log else ''}"

    @property
    def probes(self) -> tuple[Any, ...]:
        """Values that tell whether a recipe takes the key at all: every option, or two inside a range."""
        if self.options:
            return self.options
        middle = self._between(self.low, self.high)
        found = (middle, self._between(middle, self.high))
        return tuple(round(value) for value in found) if self.is_whole else found

    def _between(self, low: float, high: float) -> float:
        return math.sqrt(low * high) if self.is_log else (low + high) / 2

    def value_of(self, choice: Any) -> Any:
        """The recipe's value for what a journal holds."""
        return self.options[self.labels.index(choice)] if self.options else choice

    def choice_of(self, value: Any) -> Any:
        """What a journal holds for a recipe's value; None where it is outside of the space."""
        if self.options:
            label = spell(value)
            return label if label in self.labels else None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return value if is_number and self.low <= value <= self.high else None

    def widened(self, value: Any) -> Dimension:
        """The same with this value in it."""
        if self.choice_of(value) is not None:
            return self
        if self.options:
            return Dimension(self.key, (value, *self.options))
        if not isinstance(value, int | float) or isinstance(value, bool) or (self.is_log and value <= 0):
            return self  # no number, or one that a log scale has no place for: such a start is not in the space
        low, high = min(self.low, value), max(self.high, value)
        return Dimension(self.key, (), low, high, self.is_log, self.is_whole)

    def suggest(self, trial: Trial) -> Any:
        """The recipe's value that Optuna proposes."""
        if self.options:
            return self.value_of(trial.suggest_categorical(self.key, self.labels))
        if self.is_whole:
            return trial.suggest_int(self.key, int(self.low), int(self.high), log=self.is_log)
        return trial.suggest_float(self.key, self.low, self.high, log=self.is_log)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        if self.options:
            return {"key": self.key, "options": list(self.options)}
        own = {"low": self.low, "high": self.high, "is_log": self.is_log, "is_whole": self.is_whole}
        return {"key": self.key} | own

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Dimension:
        """What `to_dict` wrote.

        Raises:
            CorruptFileError: If it is something else.
        """
        try:
            return cls(**{**record, "options": tuple(record.get("options", ()))})
        except TypeError as problem:
            raise CorruptFileError(f"this is no dimension of a search ({problem}).") from None


def spell(value: Any) -> str:
    """A value as a word: a text as it is, anything else as JSON.

    Example:
        >>> spell("medium"), spell(None), spell([{"kind": "mixup"}])
        ('medium', 'null', '[{"kind":"mixup"}]')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
