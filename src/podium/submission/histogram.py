"""How often each class is answered, and when that looks wrong."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from podium.submission.answer import Answer

__all__ = ["Histogram", "count_classes", "find_constant", "find_warnings", "name_answers"]

Histogram = dict[str, dict[str, int]]
"""Rows per class, of every target: {"gender": {"male": 10, "female": 12}}."""


def count_classes(answers: tuple[Answer, ...], decided: Mapping[str, NDArray[np.int64]]) -> Histogram:
    """Rows per class of every answered target; a multi-label row counts once for each of its classes.

    Args:
        answers: Columns of the submission.
        decided: Per target, its decisions.
    """
    histogram: Histogram = {}
    for answer in {answer.head.name: answer for answer in answers}.values():
        counts = answer.has_class(decided[answer.head.name]).sum(axis=0)
        histogram[answer.head.name] = dict(zip(answer.head.classes, counts.tolist(), strict=True))
    return histogram


def name_answers(answers: tuple[Answer, ...], decided: Mapping[str, NDArray[np.int64]]) -> dict[str, tuple[str, ...]]:
    """Per target, the answer of every row in words; the labels of a multi-label row are joined by "|"."""
    named = {}
    for head in {answer.head.name: answer.head for answer in answers}.values():
        found = decided[head.name]
        if head.is_multi:
            named[head.name] = tuple("|".join(head.classes[c] for c in np.flatnonzero(row == 1)) for row in found)
        else:
            named[head.name] = tuple(head.classes[c] for c in found.tolist())
    return named


def find_constant(answers: tuple[Answer, ...], decided: Mapping[str, NDArray[np.int64]]) -> dict[str, str]:
    """Targets for which every row gets the same answer, and what is to be said of each."""
    found = {}
    for answer in {answer.head.name: answer for answer in answers}.values():
        rows = answer.has_class(decided[answer.head.name])
        if len(rows) > 1 and (rows == rows[0]).all():
            names = [name for name, is_on in zip(answer.head.classes, rows[0], strict=True) if is_on]
            found[answer.head.name] = (
                f"all {len(rows):,} rows of {answer.head.name!r} get the same answer: {names or 'no class'}."
            )
    return found


def find_warnings(answers: tuple[Answer, ...], decided: Mapping[str, NDArray[np.int64]]) -> list[str]:
    """Targets for which every row gets the same answer: nearly always a model that was not trained, or not loaded."""
    return list(find_constant(answers, decided).values())
