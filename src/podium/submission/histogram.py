"""How often each class is answered, and when that looks wrong."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from podium.submission.answer import Answer

__all__ = ["Histogram", "count_classes", "find_warnings"]

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


def find_warnings(answers: tuple[Answer, ...], decided: Mapping[str, NDArray[np.int64]]) -> list[str]:
    """Targets for which every row gets the same answer: nearly always a model that was not trained, or not loaded."""
    warnings = []
    for answer in {answer.head.name: answer for answer in answers}.values():
        rows = answer.has_class(decided[answer.head.name])
        if len(rows) > 1 and (rows == rows[0]).all():
            names = [name for name, is_on in zip(answer.head.classes, rows[0], strict=True) if is_on]
            warnings.append(
                f"all {len(rows):,} rows of {answer.head.name!r} get the same answer: {names or 'no class'}."
            )
    return warnings
