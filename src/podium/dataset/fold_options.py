"""How samples are to be divided into folds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium.arguments import strict_fields, tidy_texts
from podium.splits import SplitMethod

__all__ = ["FoldOptions"]

_USUAL = 5


@strict_fields
@dataclass(frozen=True)
class FoldOptions:
    """How samples are divided.

    Args:
        folds: Number of folds; None makes 5.
        split_method: "auto" or a method's name.
        split_seed: Seed of the division.
        holdout_fraction: Share of the samples that no model sees until one is confirmed on them.
        stratify_by: Head to stratify by; None takes the main target.
        allow_leaks: Kinds of leak that are known and accepted.
        strict: Refuse duplicates that would be divided, and classes with fewer samples or groups than folds. By default
            duplicates are kept on one side of the split, and a rare class is validated where it occurs.
        folds_from: Folder with folds.csv of an earlier split, to use instead of making one.
    """

    folds: int | None = None
    split_method: SplitMethod = "auto"
    split_seed: int = 0
    holdout_fraction: float = 0.0
    stratify_by: str | None = None
    allow_leaks: tuple[str, ...] = ()
    strict: bool = False
    folds_from: Path | None = None

    def __post_init__(self) -> None:
        tidy_texts(self)
        if self.folds_from is not None:
            object.__setattr__(self, "folds_from", Path(self.folds_from))  # a string too

    @property
    def request(self) -> dict[str, Any]:
        """The arguments of `make_folds`; the other options say what happens before and after it."""
        names = ("folds", "split_seed", "split_method", "stratify_by", "holdout_fraction", "strict")
        return {name: getattr(self, name) for name in names} | {"folds": self.n_folds}

    @property
    def n_folds(self) -> int:
        """Number of folds to make."""
        return _USUAL if self.folds is None else self.folds
