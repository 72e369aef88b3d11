"""Teachers of an `ImageClassifier`: other classifiers, which learn from the same images first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import _safe_indexing

from podium.errors import LabelError, UsageError
from podium.listing import part_of
from podium.tables import Task

__all__ = ["ask_classifiers", "list_teachers"]


def list_teachers(teacher: Any, kind: type) -> list[Any]:
    """The classifiers that teach.

    Args:
        teacher: None, a classifier, or several.
        kind: What each of them has to be.

    Raises:
        UsageError: If one is something else, such as the name of a run.
    """
    teachers = [] if teacher is None else list(teacher) if isinstance(teacher, list | tuple) else [teacher]
    for one in teachers:
        if not isinstance(one, kind):
            raise UsageError(
                f"the teacher of an ImageClassifier is another one, got {type(one).__name__}: a run has folds of its"
                " own, and its models may have seen the images that judge this classifier.",
                field="teacher",
                fix="Give a classifier, teacher=podium.ImageClassifier('finetune'), which learns from the same images,"
                " or distil a run with podium.train(teacher=...).",
            )
    return teachers


def ask_classifiers(
    teachers: Sequence[Any],
    images: Sequence[Any],
    y: Any,
    weight: NDArray[np.float64] | None,
    rows: NDArray[np.int64],
    task: Task,
) -> Mapping[str, NDArray[np.float64]]:
    """Mean probabilities of teachers that have learnt from some of the images, of these images, by head.

    They are clones, fitted on these rows alone, so they know no label of an image that the student is judged by.

    Args:
        teachers: Classifiers, fitted or not.
        images: All images.
        y: Their labels, as scikit-learn takes them.
        weight: Weight of each image, shape (N,).
        rows: Those to learn from, shape (n,).
        task: What the student learns.

    Raises:
        LabelError: If a class is in none of these rows.
    """
    shown, labels = [images[row] for row in rows], _safe_indexing(y, rows)
    told = [
        _probs_of(clone(one).fit(shown, labels, None if weight is None else weight[rows]), shown, task)
        for one in teachers
    ]
    return {head.name: np.mean([probs[head.name] for probs in told], axis=0) for head in task.heads}


def _probs_of(fitted: Any, shown: Sequence[Any], task: Task) -> dict[str, NDArray[np.float64]]:
    answers = fitted.predict_proba(shown)
    by_head = answers if isinstance(answers, list) else [answers]
    probs = {head.name: np.asarray(found, dtype=np.float64) for head, found in zip(task.heads, by_head, strict=True)}
    for head in task.heads:
        if probs[head.name].shape[1] != head.n_classes:
            raise LabelError(
                f"the teacher knows {part_of(probs[head.name].shape[1], head.n_classes, 'class')} of {head.name!r}: one"
                " has no training image beside the validation images."
            )
    return probs
