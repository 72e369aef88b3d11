"""Everything that is asked of images, one question at a time: a head with one answer, or one label of several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head, Predictions, Samples

__all__ = ["NO_AND_YES", "Question", "list_questions"]

NO_AND_YES = ("0", "1")
"""Answers to whether an image has a label, as tables of samples write them."""


@dataclass(frozen=True, eq=False)
class Question:
    """One question, its given labels and what models answered that had not seen them. M images have a label.

    Args:
        name: The head; "head=label" for one label of a multi-label head, as a column of a table is called.
        classes: Its C answers.
        is_ordinal: Whether they are in order.
        rows: Rows of the samples, shape (M,).
        labels: Given answers, shape (M,), each in [0, C).
        probs: Out-of-fold probabilities, shape (M, C).
        fold: Fold of the model that answered, shape (M,).
        unknown: Answers that were given to images whose model had learnt from no image with them; these images are left
            out, for such a model cannot but contradict.
    """

    name: str
    classes: tuple[str, ...]
    is_ordinal: bool
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    probs: NDArray[np.float64]
    fold: NDArray[np.int64]
    unknown: tuple[str, ...] = ()

    def all_labels(self, n: int) -> NDArray[np.int64]:
        """The labels of all N samples, shape (N,); -1 where there is none, or no prediction."""
        labels = np.full(n, -1, dtype=np.int64)
        labels[self.rows] = self.labels
        return labels


def list_questions(predictions: Predictions, samples: Samples, heads: tuple[Head, ...]) -> Iterator[Question]:
    """The questions of these heads: every image with a label that its model knows and an out-of-fold prediction is in
    them.

    Args:
        predictions: Out-of-fold predictions.
        samples: Their samples, with labels.
        heads: Heads of the task.
    """
    rows = samples.rows_of(predictions.ids)
    for head in heads:
        probs, labels = predictions.probs[head.name], np.asarray(samples.labels[head.name], dtype=np.int64)
        if not head.is_multi:
            yield _ask(head.name, head, rows, labels, probs, predictions.fold)
            continue
        for place, name in enumerate(head.classes):
            yes = probs[:, place]
            yield _ask(
                f"{head.name}={name}", head, rows, labels[:, place], np.stack([1 - yes, yes], 1), predictions.fold
            )


def _ask(
    name: str,
    head: Head,
    rows: NDArray[np.int64],
    every: NDArray[np.int64],
    probs: NDArray[np.floating[Any]],
    fold: NDArray[np.int64],
) -> Question:
    labels, classes = every[rows], NO_AND_YES if head.is_multi else head.classes
    is_learnt = _is_learnt(labels, fold, np.bincount(every[every >= 0], minlength=len(classes)))
    unknown = tuple(classes[label] for label in np.unique(labels[(labels >= 0) & ~is_learnt]))
    known = (labels >= 0) & is_learnt
    columns = (rows[known], labels[known], np.asarray(probs[known], np.float64), fold[known])
    return Question(name, classes, head.kind == "ordinal", *columns, unknown)


def _is_learnt(labels: NDArray[np.int64], fold: NDArray[np.int64], n_all: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether an image outside of a row's fold has its label, shape (M,). Rows of no fold were learnt by nobody's model
    here."""
    found = np.ones(len(labels), dtype=bool)
    for one in np.unique(fold[fold >= 0]):
        own = np.flatnonzero((fold == one) & (labels >= 0))
        in_fold = np.bincount(labels[own], minlength=len(n_all))
        found[own] = n_all[labels[own]] > in_fold[labels[own]]
    return found
