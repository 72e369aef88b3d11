"""How samples are to be divided into folds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from podium.splits import SplitMethod

__all__ = ["FoldOptions"]


@dataclass(frozen=True)
class FoldOptions:
    """How samples are divided.

    Args:
        n_folds: Number of folds.
        method: "auto" or a method's name.
        seed: Seed of the division.
        holdout_fraction: Share of the samples that no model sees until one is confirmed on them.
        target: Head to stratify by; None takes the main target.
        allow_rare: Whether a class may have fewer samples than there are folds.
        allow_leaks: Kinds of leak that are known and accepted.
        group_duplicates: Whether samples with the same file or nearly the same image are put in one group first.
        frozen: Folder with folds.csv of an earlier split, to use instead of making one.
    """

    n_folds: int = 5
    method: SplitMethod = "auto"
    seed: int = 0
    holdout_fraction: float = 0.0
    target: str | None = None
    allow_rare: bool = False
    allow_leaks: tuple[str, ...] = ()
    group_duplicates: bool = False
    frozen: Path | None = None
