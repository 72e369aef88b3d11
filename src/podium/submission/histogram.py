"""How often each class is answered, and when that looks wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.submission.answer import Answer

__all__ = ["Histogram", "count_classes", "find_warnings"]

Histogram = dict[str, dict[str, int]]
"""Rows per class, of every target: {"gender": {"male": 10, "female": 12}}."""


def count_classes(answers: tuple[Answer, ...], probs: Mapping[str, NDArray[np.floating[Any]]]) -> Histogram:
    """Rows per class of every answered target; a multi-label row counts once for each of its classes.

    Args:
        answers: Columns of the submission.
        probs: Per target, probabilities of shape (N, C).
    """
    histogram: Histogram = {}
    for answer in {answer.head.name: answer for answer in answers}.values():
        counts = answer.decide(probs[answer.head.name]).sum(axis=0)
        histogram[answer.head.name] = dict(zip(answer.head.classes, counts.tolist(), strict=True))
    return histogram


def find_warnings(answers: tuple[Answer, ...], probs: Mapping[str, NDArray[np.floating[Any]]]) -> list[str]:
    """Targets for which every row gets the same answer: nearly always a model that was not trained, or not loaded."""
    warnings = []
    for answer in {answer.head.name: answer for answer in answers}.values():
        decided = answer.decide(probs[answer.head.name])
        if len(decided) > 1 and (decided == decided[0]).all():
            names = [name for name, is_on in zip(answer.head.classes, decided[0], strict=True) if is_on]
            warnings.append(
                f"all {len(decided)} rows of {answer.head.name!r} get the same answer: {names or 'no class'}."
            )
    return warnings
