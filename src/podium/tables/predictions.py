"""The table of predictions: probabilities of every target for every image, with the fold that made each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import DataError, SourceError
from podium.listing import count_of, list_some
from podium.overview import SHOWN_ROWS, Overview, Shown
from podium.tables.decide import DECISION_THRESHOLD, decide
from podium.tables.ids import first_duplicate
from podium.tables.origin import Origin
from podium.tables.task import Head, Task

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MEAN_OF_FOLDS", "Predictions", "concat_predictions", "mean_predictions"]

MEAN_OF_FOLDS = -1
"""Fold number of a row that is the mean over several folds' models, or of a model on all images."""


@dataclass(frozen=True, eq=False, repr=False)
class Predictions(Shown):
    """Probabilities per target (every head, and the composite class if the task has one).

    Args:
        task: The task they answer.
        ids: Sample ids, shape (N,).
        fold: Fold of the model that made each row, shape (N,); MEAN_OF_FOLDS for a mean.
        probs: Per target name, float64 (N, C); rows sum to 1 except for multi-label heads.
        origins: Files that they were read from, written to or combined from.
        group: Group of every row where the images name one, shape (N,), "" = none; for `podium decide --consensus`.
        bag: Bag of every row where one answer is for several images, shape (N,), "" = the image alone.

    Raises:
        DataError: If a target is missing, a shape is wrong, or a probability is not finite or outside [0, 1].
    """

    task: Task
    ids: NDArray[np.object_]
    fold: NDArray[np.int64]
    probs: Mapping[str, NDArray[np.floating[Any]]]
    origins: tuple[Origin, ...] = ()
    group: NDArray[np.object_] | None = None
    bag: NDArray[np.object_] | None = None

    def __post_init__(self) -> None:
        again = first_duplicate(self.ids.tolist())
        if again is not None:
            raise DataError(f"id {again!r} is predicted twice.")
        if len(self.fold) != len(self.ids):
            raise DataError(f"{count_of(len(self.ids), 'id')} but {count_of(len(self.fold), 'fold number')}.")
        wanted = [head.name for head in self.task.targets]
        if set(self.probs) != set(wanted):
            raise DataError(f"predictions hold {sorted(self.probs)}, the task needs {sorted(wanted)}.")
        for column, word in ((self.group, "group"), (self.bag, "bag")):
            if column is not None:
                if len(column) != len(self.ids):
                    raise DataError(f"{count_of(len(self.ids), 'id')} but {count_of(len(column), word)}.")
                column.setflags(write=False)
        for head in self.task.targets:
            values = self.probs[head.name]
            if values.shape != (len(self.ids), head.n_classes):
                raise DataError(f"probabilities of {head.name!r} have shape {values.shape}, not (N, {head.n_classes}).")
            bad = ~np.isfinite(values).all(axis=1) | (values < -1e-6).any(axis=1) | (values > 1 + 1e-6).any(axis=1)
            if not head.is_multi:
                bad |= np.abs(values.sum(axis=1) - 1) > 1e-4
            if bad.any():
                raise DataError(
                    f"the rows of {head.name!r} for these ids are not probabilities: {list_some(self.ids[bad])}.",
                    details=list(map(str, self.ids[bad])),
                )
            values.setflags(write=False)
        self.ids.setflags(write=False)
        self.fold.setflags(write=False)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[np.integer[Any]] | NDArray[np.bool_]) -> Predictions:
        """The predictions of these rows, in this order."""
        probs = {name: values[rows] for name, values in self.probs.items()}
        group, bag = (None if column is None else column[rows] for column in (self.group, self.bag))
        return replace(self, ids=self.ids[rows], fold=self.fold[rows], probs=probs, group=group, bag=bag)

    def align(self, ids: Sequence[str] | NDArray[np.object_]) -> Predictions:
        """The predictions in the order of these ids.

        Raises:
            SourceError: If an id has no prediction; lists them.
        """
        place = {name: row for row, name in enumerate(self.ids)}
        missing = [name for name in ids if name not in place]
        if missing:
            raise SourceError(f"these ids have no prediction: {list_some(missing)}.", details=list(map(str, missing)))
        return self.take(np.fromiter((place[name] for name in ids), dtype=np.int64, count=len(ids)))

    def overview(self) -> Overview:
        """Targets, the folds that made the rows, and the first rows with the most probable classes."""
        folds = sorted(set(self.fold.tolist()))
        made = "mean of folds" if folds == [MEAN_OF_FOLDS] else f"folds {', '.join(map(str, folds))}"
        facts = [count_of(len(self), "image"), *map(str, self.task.targets), made]
        some = self.take(np.arange(min(len(self), SHOWN_ROWS)))
        columns = [_words_of(head, some.probs[head.name]) for head in self.task.targets]
        header = ["id", *(head.name for head in self.task.targets)]
        return Overview("Predictions", facts, header, list(zip(some.ids, *columns, strict=True)), len(self))

    def to_frame(self) -> pd.DataFrame:
        """The table as a pandas frame indexed by id, a column "target=class" a probability."""
        from podium.tables.frames import predictions_frame

        return predictions_frame(self)

    def answers(self, *, threshold: float = DECISION_THRESHOLD) -> pd.DataFrame:
        """The answers by name, as a pandas frame indexed by id: a column a target with the most probable class.

        A multi-label head is a column a class, named "head=class", with 0 and 1. What `podium decide` set for a run
        is not used here; `podium.submit` follows it.

        Args:
            threshold: Lowest probability of a 1, for multi-label heads only.
        """
        from podium.tables.frames import answers_frame

        return answers_frame(self, threshold)

    def decide(self, target: str, *, threshold: float = DECISION_THRESHOLD) -> NDArray[np.int64]:
        """Decisions of a target: the most probable class, shape (N,); for a multi-label head 0 or 1, shape (N, C).

        Args:
            target: A head's name or the composite's.
            threshold: Lowest probability of a 1, for multi-label heads only.
        """
        values = self.probs[target]
        head = next(head for head in self.task.targets if head.name == target)
        return decide(values, head, threshold)


_NAMED = 3


def _words_of(head: Head, probs: NDArray[np.floating[Any]]) -> list[str]:
    """Per row the most probable class, or the three most probable labels of a multi-label head, with probabilities."""
    n_named = min(_NAMED if head.is_multi else 1, head.n_classes)
    best = np.argsort(-probs, axis=1, kind="stable")[:, :n_named]
    return [
        ", ".join(f"{head.classes[place]} {row[place]:.3f}" for place in places)
        for row, places in zip(probs, best, strict=True)
    ]


def concat_predictions(parts: Sequence[Predictions]) -> Predictions:
    """One table from tables of different images (the folds' out-of-fold rows).

    Raises:
        DataError: If there is no table, they answer other tasks, or an image is in two of them.
    """
    first = _first_of_same_task(parts)
    probs = {name: np.concatenate([part.probs[name] for part in parts]) for name in first.probs}
    ids = np.concatenate([part.ids for part in parts])
    return Predictions(first.task, ids, np.concatenate([part.fold for part in parts]), probs, _origins_of(parts))


def mean_predictions(parts: Sequence[Predictions]) -> Predictions:
    """The mean of the probabilities of several models for the same images.

    Rows are matched by id, in the order of the first table.

    Raises:
        DataError: If there is no table, or they answer other tasks.
        SourceError: If a table lacks an id of the first.
    """
    first = _first_of_same_task(parts)
    aligned = [part.align(first.ids) for part in parts]
    probs = {name: np.mean([part.probs[name] for part in aligned], axis=0) for name in first.probs}
    fold = first.fold if len(parts) == 1 else np.full(len(first), MEAN_OF_FOLDS, dtype=np.int64)
    return Predictions(first.task, first.ids, fold, probs, _origins_of(parts), first.group, first.bag)


def _origins_of(parts: Sequence[Predictions]) -> tuple[Origin, ...]:
    return tuple(origin for part in parts for origin in part.origins)


def _first_of_same_task(parts: Sequence[Predictions]) -> Predictions:
    if not parts:
        raise DataError("there are no predictions to combine.")
    # The same columns in another class order would be added up wrongly without anyone noticing.
    if any(part.task != parts[0].task for part in parts):
        raise DataError("these predictions are for different tasks: heads, classes or their order differ.")
    return parts[0]
