"""Labels of extra data under the heads and classes of a task, or a refusal that names the nearest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from podium.advice import options
from podium.curate.spellings import spelling_key
from podium.errors import LabelError, UnknownNameError, nearest_name
from podium.listing import agree, count_of, list_some
from podium.tables import Head, Samples, Task

__all__ = ["fit_extra"]

ALL = "*"


def fit_extra(samples: Samples, task: Task, name: str, drop: Collection[str]) -> tuple[Samples, list[str]]:
    """The samples with heads and classes of the task alone, without rows that have no label left; and notes.

    Heads and classes may be missing. Where both have one head, it is that one, whatever it is called. A class that
    differs from one of the task in letter case, spaces or number format is that one.

    Args:
        samples: Extra samples.
        task: The main data's task.
        name: Their name, for messages.
        drop: Classes to leave out; "*" for all that the task does not have.

    Raises:
        LabelError: If they have no labels, or a head or class that the task does not have.
        UnknownNameError: If they do not have a class that is to be left out.
    """
    if samples.task is None:
        raise LabelError("these images have no labels.", fix="Name a table that has some, or leave them out.")
    _check_drop(samples.task, drop)
    known = {head.name: head for head in task.heads}
    own = list(samples.task.heads)
    renamed = [known_head(head, known, is_only=len(own) == len(known) == 1) for head in own]
    labels, soft, heads = {}, {}, []
    notes: list[str] = []
    for head, meant in zip(own, renamed, strict=True):
        if meant is None:
            if ALL in drop:
                continue
            raise _unknown_head(head, known, name)
        numbers, said = _numbers(head, meant, name, drop)
        notes += said
        column, shares = samples.labels[head.name], samples.soft.get(head.name)
        heads.append(meant)
        labels[meant.name] = _renumbered(column, numbers, meant)
        if shares is not None:
            soft[meant.name] = _spread(shares, numbers, meant)
    fitted = replace(samples, task=Task(tuple(heads)) if heads else None, labels=labels, soft=soft)
    is_labelled = np.zeros(len(samples), dtype=bool)
    for column in labels.values():
        is_labelled |= (column.reshape(len(samples), -1) >= 0).any(axis=1)
    if not is_labelled.all():
        notes.append(f"{count_of(int((~is_labelled).sum()), 'image')} without a label of the task left out.")
    return fitted.take(is_labelled), notes


def _check_drop(own: Task, drop: Collection[str]) -> None:
    """Raise UnknownNameError where a class is to be left out that these data do not have."""
    classes = {label for head in own.heads for label in head.classes}
    for name in drop:
        if name != ALL and name not in classes:
            raise UnknownNameError("class", name, classes, field="extra_drop")


def known_head(head: Head, known: dict[str, Head], *, is_only: bool) -> Head | None:
    """The task's head that this one is; None where there is none.

    Raises:
        LabelError: If one of them has several labels an image and the other one class.
    """
    meant = next(iter(known.values())) if is_only else known.get(head.name)
    if meant is not None and meant.is_multi != head.is_multi:
        raise LabelError(f"{head.name!r} is {head.kind}, but {meant.kind} in the task.", field="extra")
    return meant


def _unknown_head(head: Head, known: dict[str, Head], name: str) -> LabelError:
    near = nearest_name(head.name, known)
    said = f" Did you mean {near!r}?" if near else ""
    return LabelError(
        f"the task has no target {head.name!r}; it has {list_some(map(repr, known))}.{said}",
        field="extra",
        fix=f"Rename the column, or leave out what the task does not have with {options(extra_drop={name: ['*']})}.",
    )


def _numbers(own: Head, meant: Head, name: str, drop: Collection[str]) -> tuple[NDArray[np.int64], list[str]]:
    """Number in the task of each class, -1 for those to be dropped; and a note on other spellings."""
    exact = {label: place for place, label in enumerate(meant.classes)}
    spelt: dict[str, list[str]] = {}
    for label in meant.classes:
        spelt.setdefault(spelling_key(label), []).append(label)
    numbers, unknown, respelt = [], [], []
    for label in own.classes:
        twins = spelt.get(spelling_key(label), [])
        if label in drop:
            numbers.append(-1)
        elif label in exact:
            numbers.append(exact[label])
        elif len(twins) == 1:
            numbers.append(exact[twins[0]])
            respelt.append(f"{label!r} for {twins[0]!r}")
        else:
            numbers.append(-1)
            unknown += [] if ALL in drop else [label]
    if unknown:
        raise _unknown_classes(unknown, meant, name)
    notes = [f"Took class {list_some(respelt)} of {meant.name!r}."] if respelt else []
    return np.array(numbers, dtype=np.int64), notes


def _unknown_classes(unknown: list[str], meant: Head, name: str) -> LabelError:
    near = {label: nearest_name(label, meant.classes) for label in unknown}
    guesses = [f"{label!r} may be {guess!r}" for label, guess in near.items() if guess]
    hint = f" {list_some(guesses, most=5)}." if guesses else ""
    return LabelError(
        f"{count_of(len(unknown), 'class')} of {meant.name!r} {agree(len(unknown), 'is', 'are')} not among the"
        f" {meant.n_classes} of the task: {list_some(map(repr, unknown), most=5)}.{hint}",
        field="extra",
        fix=f"Rename them, or leave their images out: {options(extra_drop={name: unknown[:3]})}, or"
        f" {options(extra_drop={name: ['*']})} for all that the task does not have.",
        details=unknown,
    )


def _renumbered(column: NDArray[np.integer], numbers: NDArray[np.int64], meant: Head) -> NDArray[np.integer]:
    """Labels by the task's numbers; classes of several labels that are not there are missing. Of two spellings of one
    label, one is enough."""
    if not meant.is_multi:
        return np.asarray(np.append(numbers, -1)[column], dtype=np.int64)
    labels = np.full((len(column), meant.n_classes), -1, dtype=np.int8)
    for place in np.flatnonzero(numbers >= 0):
        np.maximum(labels[:, numbers[place]], column[:, place], out=labels[:, numbers[place]])
    return labels


def _spread(shares: NDArray[np.float64], numbers: NDArray[np.int64], meant: Head) -> NDArray[np.float64]:
    """Shares by the task's numbers; what dropped classes had is divided among the others."""
    spread = np.full((len(shares), meant.n_classes), -1.0)
    kept = shares[:, numbers >= 0]
    if meant.is_multi:
        for place in np.flatnonzero(numbers >= 0):
            np.maximum(spread[:, numbers[place]], shares[:, place], out=spread[:, numbers[place]])
        return spread
    total = kept.sum(axis=1, keepdims=True)
    is_known = ((shares >= 0).all(axis=1, keepdims=True) & (total > 0)).ravel()
    spread[is_known] = 0.0
    np.add.at(spread, np.ix_(is_known, numbers[numbers >= 0]), kept[is_known] / total[is_known])
    return spread
