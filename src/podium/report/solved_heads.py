"""Heads that were solved: what was chosen and by how much, in a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podium.report.numbers import metric_words, plain_score

__all__ = ["describe_solved"]

UNITS = {"logistic": "C", "lda": "shrinkage", "ridge": "alpha"}


def describe_solved(solved: Mapping[str, Mapping[str, Any]]) -> str:
    """What was chosen and by how much, in a line.

    Args:
        solved: Head name -> `SolvedHead.to_dict()`.

    Example:
        >>> lda = {"kind": "lda", "strength": 0.31, "score": 0.912, "log_loss": 0.3}
        >>> ridge = {"kind": "ridge", "strength": 40.0, "score": 0.9, "log_loss": 0.4}
        >>> describe_solved({"type": {"metric": "accuracy", "inner_folds": 3, "candidates": [lda, ridge]}})
        'lda, shrinkage=0.31 (inner accuracy 0.912; ridge 0.900)'
    """
    lines = {name: _describe(record) for name, record in solved.items()}
    return next(iter(lines.values())) if len(lines) == 1 else "; ".join(f"{k}: {v}" for k, v in lines.items())


def _describe(record: Mapping[str, Any]) -> str:
    first, *others = record["candidates"]
    words = f"{first['kind']}, {UNITS[first['kind']]}={first['strength']:.2g}"
    if first["score"] is None:
        return words
    beside = ", ".join(f"{item['kind']} {_shown(item['score'])}" for item in others)
    return f"{words} (inner {metric_words(record['metric'])} {_shown(first['score'])}" + (
        f"; {beside})" if beside else ")"
    )


def _shown(score: float | None) -> str:
    return "–" if score is None else plain_score(score)
