"""Labels of one table under the classes of another task, such as a test set's under those that a run learnt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.advice import options
from podium.errors import LabelError
from podium.listing import agree, count_of, list_some
from podium.tables.samples import Samples
from podium.tables.soft_labels import one_hot
from podium.tables.task import Head, Task

__all__ = ["fit_to_task", "labels_under", "shares_under"]


def fit_to_task(samples: Samples, task: Task) -> Samples:
    """The same images with their labels as a task numbers them.

    Heads are matched by name; where both have only one, it is that one whatever its name. The samples may lack classes,
    and heads that the main target does not need: their labels are then missing.

    Raises:
        LabelError: If there are no labels, a head that the main target needs is not there, or a class is not among the
            task's.
    """
    if samples.task is None:
        raise LabelError(
            "these images have no labels, so nothing can be scored.",
            fix=f"Name the table of labels and its column: {options(labels='test.csv', label_columns=['label'])}.",
        )
    samples = _with_one_name(samples, task)
    own = {head.name: head for head in samples.task.heads} if samples.task else {}
    composite = task.composite
    needed = composite.heads if composite is not None else (task.main_target.name,)
    lacking = [name for name in needed if name not in own]
    if lacking:
        raise LabelError(
            f"the labels of {list_some(map(repr, lacking))} are missing; there are {list(own)}.",
            fix=f"Name their columns: {options(label_columns=[head.name for head in task.heads])}.",
        )
    for head in task.heads:
        if head.name in own:
            _check_classes(own[head.name], head)
    labels = {head.name: labels_under(samples, head) for head in task.heads}
    soft = {head.name: shares_under(samples, head) for head in task.heads if head.name in samples.soft}
    return replace(samples, task=task, labels=labels, soft=soft)


def labels_under(samples: Samples, head: Head) -> NDArray[np.integer[Any]]:
    """The samples' labels of the head of that name, under its class numbers; -1 everywhere where they have none."""
    own = next((own for own in (samples.task.heads if samples.task else ()) if own.name == head.name), None)
    if head.is_multi:
        labels = np.full((len(samples), head.n_classes), -1, dtype=np.int8)
        if own is not None:
            labels[:, [head.classes.index(label) for label in own.classes]] = samples.labels[head.name]
        return labels
    if own is None:
        return np.full(len(samples), -1, dtype=np.int64)
    number = np.array([*(head.classes.index(label) for label in own.classes), -1], dtype=np.int64)
    return np.asarray(number[samples.labels[head.name]], dtype=np.int64)  # -1, missing, is the last


def shares_under(samples: Samples, head: Head) -> NDArray[np.float64]:
    """The samples' shares of the head of that name, under its class numbers; 0 and 1 where they have labels alone."""
    own = next((own for own in (samples.task.heads if samples.task else ()) if own.name == head.name), None)
    if own is None or head.name not in samples.soft:
        return one_hot(head, labels_under(samples, head))
    given = samples.soft[head.name]
    is_missing = head.is_multi | (given < 0).any(axis=1, keepdims=True)
    shares = np.repeat(np.where(is_missing, -1.0, 0.0), head.n_classes, axis=1)
    shares[:, [head.classes.index(label) for label in own.classes]] = given
    return shares


def _with_one_name(samples: Samples, task: Task) -> Samples:
    """The samples with their only head called as the task's only one: folders say "label", a table what it likes."""
    heads = samples.task.heads if samples.task else ()
    if len(heads) != 1 or len(task.heads) != 1 or heads[0].name == task.heads[0].name:
        return samples
    name = task.heads[0].name
    labels = {name: samples.labels[heads[0].name]}
    soft = {name: samples.soft[heads[0].name]} if heads[0].name in samples.soft else {}
    return replace(samples, task=Task((replace(heads[0], name=name),)), labels=labels, soft=soft)


def _check_classes(own: Head, head: Head) -> None:
    if own.is_multi != head.is_multi:
        raise LabelError(f"{head.name!r} is {own.kind} here, but {head.kind} in the task.")
    new = [name for name in own.classes if name not in head.classes]
    if new:
        raise LabelError(
            f"{count_of(len(new), 'class')} of {head.name!r} {agree(len(new), 'is', 'are')} not among the"
            f" {head.n_classes} of the task: {list_some(map(repr, new), most=5)}.",
            fix=f"The task's are {list_some(head.classes, most=5)}. Read the labels with the options that its own were"
            f" read with, such as {options(bins={head.name: [30, 60]})}, or rename the classes.",
            details=new,
        )
