"""An overlay of corrections laid over samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import LabelError, nearest_name
from podium.listing import count_of, list_some
from podium.tables.correction import DROP, Correction
from podium.tables.samples import Samples
from podium.tables.task import Head, Task

__all__ = ["correct_samples", "is_correction_of"]

_AN_ANSWER = ("0", "1")


def correct_samples(
    samples: Samples,
    corrections: Sequence[Correction],
    *,
    numbers: Sequence[int] | None = None,
    where: Path | None = None,
) -> Samples:
    """The samples with other labels, and without images that are dropped. They remember the corrections.

    Shares of soft labels become certain where a label was corrected, and a number that a class was made from is no
    longer known.

    Args:
        samples: Samples with labels.
        corrections: The overlay.
        numbers: Row of each correction in its file, for errors; None counts from 1.
        where: The file, for errors.

    Raises:
        LabelError: If a row speaks of an image, head or class that is not there, its `old` is not the label, or two
            rows speak of one label; lists all such rows.
    """
    if samples.task is None:
        raise LabelError("these samples have no labels to correct.", where=where)
    overlay = _Overlay(samples, samples.task)
    problems = []
    for number, row in zip(numbers or range(1, len(corrections) + 1), corrections, strict=True):
        said = overlay.lay(row, number)
        if said is not None:
            problems.append(f"row {number}: {said}")
    if problems:
        first, more = problems[0], len(problems) - 1
        raise LabelError(
            first + (f" {count_of(more, 'more row is', 'more rows are')} refused too." if more else ""),
            where=where or "corrections",
            fix="Mend or remove the rows; `old` must be the label as the data has it.",
            details=problems if more else (),
        )
    made = replace(
        samples,
        labels=overlay.labels,
        soft=overlay.soft,
        numbers=overlay.numbers,
        corrections=(*samples.corrections, *corrections),
    )
    return made.take(~overlay.is_dropped) if overlay.is_dropped.any() else made


def is_correction_of(samples: Samples, before: Samples) -> bool:
    """Whether samples differ from others in nothing but what the corrections of either say, so that images keep their
    folds: the same task and groups, labels that a row speaks of, and no image less but those that were dropped.

    Args:
        samples: Samples with corrections.
        before: Those that folds were made for.
    """
    if samples.task != before.task or samples.task is None or not set(samples.ids) <= set(before.ids):
        return False
    gone = set(before.ids) - set(samples.ids)
    rows = before.rows_of(samples.ids)
    is_same = (samples.group_keys == before.group_keys[rows]).all()
    return (
        bool(is_same) and gone <= {row.image for row in samples.corrections} and _differ_as_told(samples, before, rows)
    )


def _differ_as_told(samples: Samples, before: Samples, rows: NDArray[np.int64]) -> bool:
    """Whether every label that differs is one that a correction speaks of."""
    assert samples.task is not None, "it has corrections"
    told = {(row.image, row.head) for part in (samples, before) for row in part.corrections}
    for name, (head, column) in _names(samples.task).items():
        ours, theirs = samples.labels[head.name], before.labels[head.name][rows]
        if column is not None:
            ours, theirs = ours[:, column], theirs[:, column]
        if any((image, name) not in told for image in samples.ids[ours != theirs]):
            return False
    return True


class _Overlay:
    """Columns that change while rows are laid over them; whoever says something about a label twice is told."""

    def __init__(self, samples: Samples, task: Task) -> None:
        self._task, self._ids = task, samples.ids
        self._place = {name: row for row, name in enumerate(samples.ids.tolist())}
        self.labels = {name: np.array(column) for name, column in samples.labels.items()}
        self.soft = {name: np.array(column) for name, column in samples.soft.items()}
        self.numbers = {name: np.array(column) for name, column in samples.numbers.items()}
        self.is_dropped = np.zeros(len(samples), dtype=bool)
        self._seen: dict[tuple[str, str], int] = {}
        self._last: dict[str, tuple[int, bool]] = {}

    def lay(self, row: Correction, number: int) -> str | None:
        """Change what a row says; gives what is wrong with it, if anything is."""
        place = self._place.get(row.image)
        if place is None:
            return f"there is no image {row.image!r}{_near(row.image, self._place)}."
        again = self._said_before(row, number)
        if again is not None:
            return f"row {again} speaks of {row.image!r} already, and only one of them can be right."
        if not row.head:
            if not row.is_drop or row.old:
                return "it names no head; only an image that is dropped needs none, and no old label then."
            self.is_dropped[place] = True
            return None
        return self._change(row, place)

    def _said_before(self, row: Correction, number: int) -> int | None:
        """Row that speaks of the same label, or drops the same image."""
        before = self._seen.setdefault((row.image, row.head), number)
        last, was_drop = self._last.get(row.image, (number, False))
        self._last[row.image] = (number, row.is_drop)
        if before != number:
            return before
        return last if last != number and (was_drop or row.is_drop) else None

    def _change(self, row: Correction, place: int) -> str | None:
        try:
            head, column = _find(self._task, row.head)
        except KeyError:
            known = list(_names(self._task))
            return f"there is no head {row.head!r}{_near(row.head, known)}, only {list_some(known)}."
        classes = head.classes if column is None else _AN_ANSWER
        where = (place,) if column is None else (place, column)
        label = int(self.labels[head.name][where])
        given = "" if label < 0 else classes[label]
        if row.old != given:
            return f"{row.image!r} has the label {given!r} for {row.head!r}, not {row.old!r}."
        if row.new not in classes:
            if row.is_drop:
                self.is_dropped[place] = True
                return None
            return f"{row.head!r} has no class {row.new!r}{_near(row.new, classes)}; {list_some(classes)} or {DROP!r}."
        if row.new != row.old:
            self._write(head, where, classes.index(row.new))
        return None

    def _write(self, head: Head, where: tuple[int, ...], label: int) -> None:
        self.labels[head.name][where] = label
        if head.name in self.numbers:
            self.numbers[head.name][where[0]] = np.nan
        if head.name in self.soft:
            shares: NDArray[np.float64] = self.soft[head.name]
            shares[where] = label if head.is_multi else np.eye(head.n_classes)[label]


def _names(task: Task) -> Mapping[str, tuple[Head, int | None]]:
    """Everything that can be corrected, by its name."""
    found: dict[str, tuple[Head, int | None]] = {}
    for head in task.heads:
        if head.is_multi:
            found |= {f"{head.name}={label}": (head, place) for place, label in enumerate(head.classes)}
        else:
            found[head.name] = (head, None)
    return found


def _find(task: Task, name: str) -> tuple[Head, int | None]:
    return _names(task)[name]


def _near(name: str, names: Any) -> str:
    near = nearest_name(name, names)
    return "" if near is None else f" (did you mean {near!r}?)"
