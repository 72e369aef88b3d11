"""Whether the probabilities can be taken at their word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from podium.metrics import score
from podium.report.contents import RunContents
from podium.report.drawings import draw_reliability, draw_stack
from podium.report.judged import JudgedRows, judge_rows

__all__ = ["CalibrationSection", "CoverageLine", "make_calibration_section"]

N_BINS = 10
_COVERAGES = (0.25, 0.5, 0.75, 0.9, 1.0)


@dataclass(frozen=True)
class CoverageLine:
    """What is gained by answering only the surest images.

    Args:
        share: Share of the answers kept.
        n: Their number.
        lowest: Lowest confidence among them.
        right: Fraction of them that is right.
    """

    share: float
    n: int
    lowest: float
    right: float


@dataclass(frozen=True)
class CalibrationSection:
    """The main target's calibration."""

    target: str
    is_multi: bool
    error: float
    mean_confidence: float
    right: float
    reliability: Markup
    histogram: Markup
    coverage: tuple[CoverageLine, ...]


def make_calibration_section(contents: RunContents) -> CalibrationSection | None:
    """The section for the main target; None without out-of-fold predictions."""
    judged = None if contents.oof is None else judge_rows(contents, contents.oof.task.main_target)
    if judged is None or not len(judged.rows):
        return None
    confidence, is_right = _answers(judged)
    lowest = 0.5 if judged.head.is_multi else 0.0
    edges = np.linspace(lowest, 1, N_BINS + 1)
    bins = np.clip(np.ceil((confidence - lowest) / (1 - lowest) * N_BINS).astype(np.int64) - 1, 0, N_BINS - 1)
    n = np.bincount(bins, minlength=N_BINS)
    right = np.bincount(bins, weights=is_right, minlength=N_BINS).astype(np.int64)
    used = np.flatnonzero(n)
    sums = np.bincount(bins, weights=confidence, minlength=N_BINS)
    labels = [f"{100 * edge:.0f}" if place % 2 == 0 else "" for place, edge in enumerate(edges[:-1])]
    return CalibrationSection(
        target=judged.head.name,
        is_multi=judged.head.is_multi,
        error=score("expected_calibration_error", judged.probs, judged.labels, judged.head),
        mean_confidence=float(confidence.mean()),
        right=float(is_right.mean()),
        reliability=draw_reliability(
            (sums[used] / n[used]).tolist(), (right[used] / n[used]).tolist(), (n[used] / n.sum()).tolist()
        ),
        histogram=draw_stack(right.tolist(), (n - right).tolist(), labels),
        coverage=_coverage(confidence, is_right),
    )


def _answers(judged: JudgedRows) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Confidence in each decision and whether it is right; one a known label for a multi-label head."""
    probs = np.asarray(judged.probs, dtype=np.float64)
    confidence = np.maximum(probs, 1 - probs) if judged.head.is_multi else probs.max(axis=1)
    known = judged.labels >= 0
    return confidence[known], (judged.decisions == judged.labels)[known]


def _coverage(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> tuple[CoverageLine, ...]:
    order = np.argsort(-confidence, kind="stable")
    hits = np.cumsum(is_right[order])
    lines = []
    for share in _COVERAGES:
        n = max(1, round(share * len(order)))
        lines.append(CoverageLine(share, n, float(confidence[order[n - 1]]), float(hits[n - 1] / n)))
    return tuple(lines)
