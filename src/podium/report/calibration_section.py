"""Whether a probability of 0.8 is right in 80 % of the cases."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.decisions import DecisionRules, risk_coverage
from podium.errors import PodiumError
from podium.metrics import score
from podium.report.contents import RunContents
from podium.report.judged import JudgedRows, judge_rows
from podium.report.section import Section
from podium.tables import decide

__all__ = ["CalibrationSection", "ConfidenceBin", "CoverageLine", "describe_calibration"]

N_BINS = 10
_COVERAGES = (0.25, 0.5, 0.75, 0.9, 1.0)


@dataclass(frozen=True)
class CoverageLine:
    """How accuracy rises if only the most confident answers count.

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
class ConfidenceBin:
    """The answers whose confidence lies in one range.

    Args:
        low: Lower end of the range.
        n: Number of answers.
        n_right: How many of them are right.
        confidence: Their mean confidence; nan without answers.
    """

    low: float
    n: int
    n_right: int
    confidence: float


@dataclass(frozen=True)
class CalibrationSection(Section):
    """The main target's calibration.

    Args:
        target: The target.
        is_multi: Whether images may have several labels; each decision on a label is then an answer.
        error: Expected calibration error.
        mean_confidence: Mean confidence of all answers.
        right: Fraction of all answers that is right.
        bins: Answers by their confidence.
        coverage: How accuracy rises if only the most confident answers count.
        risk: Share of wrong answers among the most confident ones: pairs of coverage and risk.
        calibrated: The same target as the run calibrates it, each fold by the others; None where it does not.
    """

    target: str
    is_multi: bool
    error: float
    mean_confidence: float
    right: float
    bins: tuple[ConfidenceBin, ...]
    coverage: tuple[CoverageLine, ...]
    risk: tuple[tuple[float, float], ...] = ()
    calibrated: CalibrationSection | None = None


def describe_calibration(contents: RunContents) -> CalibrationSection | None:
    """The section for the main target; None without out-of-fold predictions."""
    judged = None if contents.oof is None else judge_rows(contents, contents.oof.task.main_target)
    if judged is None or not len(judged.rows):
        return None
    section = _describe(judged)
    after = _calibrated(contents, judged)
    return section if after is None else replace(section, calibrated=_describe(after))


def _describe(judged: JudgedRows) -> CalibrationSection:
    confidence, is_right = _answers(judged)
    return CalibrationSection(
        target=judged.head.name,
        is_multi=judged.head.is_multi,
        error=float(score("expected_calibration_error", judged.probs, judged.labels, judged.head)),
        mean_confidence=float(confidence.mean()),
        right=float(is_right.mean()),
        bins=_bins(confidence, is_right, 0.5 if judged.head.is_multi else 0.0),
        coverage=_coverage(confidence, is_right),
        risk=risk_coverage(confidence, is_right),
    )


def _calibrated(contents: RunContents, judged: JudgedRows) -> JudgedRows | None:
    """The judged rows by the run's calibration of the other folds; None where it has none, or it cannot be read."""
    if contents.judged is None or not contents.run.decisions_file.is_file():
        return None
    oof, samples = contents.judged
    try:
        rules = DecisionRules.from_dict(durable.read_json(contents.run.decisions_file), oof.task)
    except PodiumError:
        return None
    if judged.head.name not in rules.calibration:
        return None
    rows = samples.rows_of(oof.ids)
    group = None if samples.group is None else samples.group[rows]
    joined = replace(oof, group=group)
    probs = rules.without_prevalence().join_out_of_fold(joined).probs[judged.head.name][np.isin(rows, judged.rows)]
    return replace(judged, probs=probs, decisions=decide(probs, judged.head))


def _bins(confidence: NDArray[np.float64], is_right: NDArray[np.bool_], lowest: float) -> tuple[ConfidenceBin, ...]:
    edges = np.linspace(lowest, 1, N_BINS + 1)
    bins = np.clip(np.ceil((confidence - lowest) / (1 - lowest) * N_BINS).astype(np.int64) - 1, 0, N_BINS - 1)
    counts = np.bincount(bins, minlength=N_BINS).tolist()
    right = np.bincount(bins, weights=is_right, minlength=N_BINS).astype(np.int64).tolist()
    sums = np.bincount(bins, weights=confidence, minlength=N_BINS).tolist()
    return tuple(
        ConfidenceBin(low, n, n_right, total / n if n else math.nan)
        for low, n, n_right, total in zip(edges[:-1].tolist(), counts, right, sums, strict=True)
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
