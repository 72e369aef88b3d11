"""How alike the folds are, and what a user should know about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.listing import count_of, list_some, part_of
from podium.splits.make_folds import number_groups
from podium.splits.strata import Strata, build_strata
from podium.tables import ALWAYS_TRAIN, HOLDOUT, LEFT_OUT, Folds, Samples

__all__ = ["FoldPart", "FoldSummary", "summarise_folds"]

_MOST_NAMES = 10


@dataclass(frozen=True)
class FoldPart:
    """One fold, the holdout, or the rows that are only trained on.

    Args:
        name: "fold 0", "holdout" or "train".
        n_samples: Samples in it.
        n_groups: Groups in it, ungrouped samples counting as one each.
        counts: Per target, samples of each class (positives of a multi-label head); without missing labels.
        deviation: Largest gap between a class's share here and in the whole, in [0, 1].
        deviation_at: Target and class of that gap, such as "age=60+"; "" without labels.
    """

    name: str
    n_samples: int
    n_groups: int
    counts: dict[str, dict[str, int]]
    deviation: float
    deviation_at: str


@dataclass(frozen=True)
class FoldSummary:
    """Folds in numbers.

    Args:
        method: How they were made.
        seed: Seed they were made with.
        parts: The folds in order, then the training-only rows and the holdout, if there are any.
        notes: What a user should know, in sentences.
    """

    method: str
    seed: int
    parts: tuple[FoldPart, ...]
    notes: tuple[str, ...]

    @property
    def deviation(self) -> float:
        """Largest gap of any class's share in any fold, in [0, 1]; the holdout counts, other rows do not."""
        return max((part.deviation for part in self.parts if part.name not in ("train", "left out")), default=0.0)

    def rows(self) -> list[tuple[str, ...]]:
        """A table for a terminal: a header, then one row a part."""
        body = [
            (p.name, f"{p.n_samples:,}", f"{p.n_groups:,}", f"{p.deviation:.2%}", p.deviation_at) for p in self.parts
        ]
        return [("part", "samples", "groups", "largest deviation", "at"), *body]

    def to_dict(self) -> dict[str, Any]:
        """The summary as JSON-ready data."""
        return {
            "method": self.method,
            "seed": self.seed,
            "deviation": self.deviation,
            "parts": [vars(part) for part in self.parts],
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> FoldSummary:
        """The summary that `to_dict` wrote.

        Raises:
            KeyError: If something is missing.
            TypeError: If something is of another kind.
        """
        parts = tuple(FoldPart(**part) for part in record["parts"])
        return cls(record["method"], record["seed"], parts, tuple(record["notes"]))


def summarise_folds(samples: Samples, folds: Folds) -> FoldSummary:
    """Sizes, class counts and deviations of every fold.

    Args:
        samples: The samples.
        folds: Their folds, in any row order.

    Raises:
        SplitError: If the folds belong to other samples.
    """
    if not np.array_equal(folds.ids, samples.ids):
        folds = folds.match(samples)
    unit = number_groups(samples.group_keys.tolist())
    strata = None if samples.task is None else build_strata(samples, samples.task.targets)
    numbers = [(fold, f"fold {fold}") for fold in range(folds.n_folds)]
    numbers += [
        (code, name)
        for code, name in ((ALWAYS_TRAIN, "train"), (HOLDOUT, "holdout"), (LEFT_OUT, "left out"))
        if (folds.fold == code).any()
    ]
    main = np.flatnonzero(~samples.is_extra)
    parts = [_summarise_part(name, np.flatnonzero(folds.fold == code), unit, strata, main) for code, name in numbers]
    notes = [] if strata is None else _note_classes(strata, unit, folds, has_groups=samples.has_groups)
    if folds.method in ("random", "stratified", "multilabel") and samples.has_groups:
        notes.insert(0, f"method {folds.method!r} ignores the groups: scores will be too good.")
    return FoldSummary(folds.method, folds.seed, tuple(parts), tuple(notes))


def _summarise_part(
    name: str, rows: NDArray[np.int64], unit: NDArray[np.int64], strata: Strata | None, main: NDArray[np.int64]
) -> FoldPart:
    """One part; its shares are compared with those of the main rows, which can be judged."""
    n_groups = int(np.count_nonzero(np.bincount(unit[rows])))
    if strata is None:
        return FoldPart(name, len(rows), n_groups, {}, 0.0, "")
    held = np.asarray(strata.matrix[rows].sum(axis=0)).ravel()
    whole = np.asarray(strata.matrix[main].sum(axis=0)).ravel()
    counts: dict[str, dict[str, int]] = {}
    for column in np.flatnonzero(strata.is_class):
        target, class_name = strata.names[column]
        counts.setdefault(target, {})[class_name] = int(held[column])
    gap = np.abs(held / max(len(rows), 1) - whole / max(len(main), 1))
    worst = int(np.argmax(gap))
    return FoldPart(name, len(rows), n_groups, counts, float(gap[worst]), "=".join(strata.names[worst]))


def _note_classes(strata: Strata, unit: NDArray[np.int64], folds: Folds, *, has_groups: bool) -> list[str]:
    """Sentences about classes that cannot be judged well."""
    by_column = strata.matrix.tocsc()
    empty, unjudged, absent, untaught, dominated = [], [], [], [], []
    for column in np.flatnonzero(strata.is_class):
        rows = by_column.indices[by_column.indptr[column] : by_column.indptr[column + 1]]
        name = "=".join(strata.names[column])
        if not len(rows):
            empty.append(name)
            continue
        in_folds = np.bincount(folds.fold[rows][folds.fold[rows] >= 0], minlength=folds.n_folds)
        if (in_folds == 0).all():
            unjudged.append(name)
        elif (in_folds == 0).any():
            absent.append(f"{name} (in {part_of(int(np.count_nonzero(in_folds)), folds.n_folds, 'fold')})")
        n_free = np.count_nonzero(folds.fold[rows] > HOLDOUT)
        if (n_free - in_folds <= 0).any():
            untaught.append(name)
        share = np.unique(unit[rows], return_counts=True)[1].max() / len(rows)
        if has_groups and share > 0.5 and len(rows) > 1:
            dominated.append(f"{name} ({share:.0%})")
    sentences = [
        (
            unjudged,
            "without any validation image, which therefore cannot be judged: most macro averages count each as 0",
        ),
        (absent, "missing from the validation part of some folds, and judged by the other folds only"),
        (untaught, "without training images in some folds, whose models cannot know them"),
        (dominated, "with more than half of the images in one group"),
        (empty, "without any image"),
    ]
    return [_name_classes(names, what) for names, what in sentences if names]


def _name_classes(names: list[str], what: str) -> str:
    return f"{count_of(len(names), 'class')} {what}: {list_some(names, most=_MOST_NAMES)}."
