"""Heads that were solved: what was chosen and by how much, in a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podium.metric_words import metric_words
from podium.metrics import METRICS
from podium.report.numbers import plain_score

__all__ = ["describe_solved"]

UNITS = {"logistic": "C", "lda": "shrinkage", "ridge": "alpha", "nearest": "neighbours"}


def describe_solved(solved: Mapping[str, Mapping[str, Any]]) -> str:
    """What was chosen and by how much, in a line.

    Args:
        solved: Head name -> `SolvedHead.to_dict()`.

    Example:
        >>> lda = {"kind": "lda", "strength": 0.31, "score": 0.912, "log_loss": 0.3, "factor": 0.7}
        >>> ridge = {"kind": "ridge", "strength": 40.0, "score": 0.9, "log_loss": 0.4, "factor": 0.0}
        >>> about = {"metric": "accuracy", "inner_folds": 3, "score": 0.912}
        >>> describe_solved({"type": about | {"candidates": [lda | {"factor": 1.0}, ridge]}})
        'lda, shrinkage=0.31 (inner accuracy 0.912; ridge 0.900)'
        >>> describe_solved({"type": about | {"candidates": [lda, ridge | {"factor": 0.3}]}})
        '0.70 lda, shrinkage=0.31 + 0.30 ridge, alpha=40 (inner accuracy 0.912; lda 0.912, ridge 0.900)'
        >>> chosen = [ridge | {"factor": 1.0}, lda | {"factor": 0.0}]
        >>> describe_solved({"type": about | {"score": 0.9, "candidates": chosen}})
        'ridge, alpha=40 (inner accuracy 0.900; lda 0.912; chosen by log loss)'
    """
    lines = {name: _describe(record) for name, record in solved.items()}
    return next(iter(lines.values())) if len(lines) == 1 else "; ".join(f"{k}: {v}" for k, v in lines.items())


def _describe(record: Mapping[str, Any]) -> str:
    candidates = record["candidates"]
    used = [item for number, item in enumerate(candidates) if item.get("factor", number == 0) > 0]
    words = " + ".join(
        (f"{item['factor']:.2f} " if len(used) > 1 else "") + f"{item['kind']}, {_strength(item)}" for item in used
    )
    score = record.get("score", candidates[0]["score"])
    if score is None:
        return words
    others = candidates if len(used) > 1 else [item for item in candidates if item not in used]
    shown = [_strength(item) if item["kind"] == "nearest" else item["kind"] for item in others]
    beside = ", ".join(f"{name} {_shown(item['score'])}" for name, item in zip(shown, others, strict=True))
    inner = f"inner {metric_words(record['metric'])} {_shown(score)}" + (f"; {beside}" if beside else "")
    return f"{words} ({inner}; chosen by log loss)" if _is_beaten(record, score) else f"{words} ({inner})"


def _is_beaten(record: Mapping[str, Any], score: float) -> bool:
    """Whether a candidate that was not taken is better by the metric that is shown."""
    is_greater = record["metric"] not in METRICS or METRICS[record["metric"]].greater_is_better
    scores = [item["score"] for item in record["candidates"] if item["score"] is not None]
    return any((other > score) if is_greater else (other < score) for other in scores)


def _strength(record: Mapping[str, Any]) -> str:
    """The strength in its unit; that of neighbours is None where prototypes take their place."""
    return "prototypes" if record["strength"] is None else f"{UNITS[record['kind']]}={record['strength']:.2g}"


def _shown(score: float | None) -> str:
    return "–" if score is None else plain_score(score)
