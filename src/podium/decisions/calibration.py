"""Probabilities that are as often right as they say: temperature and vector scaling of the log-probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head

__all__ = ["Calibration", "Calibrator", "fit_calibration"]

FloatArray = NDArray[np.float64]
Calibrator = Literal["temperature", "vector"]

_LEAST = 1e-12
_SPREAD = 0.1
"""How far scales and shifts are drawn to 1 and 0: a normal prior of variance 1 / (2 x this) over all rows together."""


@dataclass(frozen=True)
class Calibration:
    """New probabilities from old ones: softmax(a log p + b), for several labels sigmoid(a logit + b).

    Args:
        scale: One a class, all equal for temperature scaling, where it is 1 / T.
        shift: One a class, 0 for temperature scaling.
    """

    scale: tuple[float, ...]
    shift: tuple[float, ...]

    def apply(self, probs: NDArray[np.floating[Any]], head: Head) -> FloatArray:
        """The calibrated probabilities, shape (N, C)."""
        scores = _scores(probs, head) * np.asarray(self.scale) + np.asarray(self.shift)
        return _probs(scores, head)

    @property
    def temperature(self) -> float:
        """1 / the mean scale: above 1 the model was too sure."""
        return 1 / float(np.mean(self.scale))


def fit_calibration(
    probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head, kind: Calibrator
) -> Calibration:
    """The scaling with the least log loss on these rows.

    Args:
        probs: Shape (N, C).
        labels: Labels of these rows; -1 is missing.
        head: The target.
        kind: "temperature", one scale for all classes, which keeps every decision of one class per image; or
            "vector", a scale and a shift a class, weakly drawn to none.

    Source:
        Guo et al. 2017, "On Calibration of Modern Neural Networks"; for several labels each is a binary task with the
        logit of its probability (Platt 1999).
    """
    from scipy.optimize import minimize

    scores = _scores(probs, head)
    n = head.n_classes

    def unpack(values: FloatArray) -> tuple[FloatArray, FloatArray]:
        if kind == "temperature":
            return np.full(n, values[0]), np.zeros(n)
        return values[:n], values[n:]

    def loss(values: FloatArray) -> tuple[float, FloatArray]:
        scale, shift = unpack(values)
        value, slope = _loss(scores * scale + shift, labels, head)  # slope (N, C)
        by_scale = (slope * scores).sum(axis=0)
        if kind == "temperature":
            return value, np.array([by_scale.sum()])
        drawn = _SPREAD * (((scale - 1) ** 2).sum() + (shift**2).sum())
        by_all = np.concatenate([by_scale + 2 * _SPREAD * (scale - 1), slope.sum(axis=0) + 2 * _SPREAD * shift])
        return value + drawn, by_all

    start = np.ones(1) if kind == "temperature" else np.concatenate([np.ones(n), np.zeros(n)])
    bounds = [(0.01, 100.0)] * min(n, len(start)) if kind == "vector" else [(0.01, 100.0)]
    bounds += [(-30.0, 30.0)] * (len(start) - len(bounds))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds[: len(start)]).x
    scale, shift = unpack(found)
    return Calibration(tuple(scale.tolist()), tuple(shift.tolist()))


def _scores(probs: NDArray[np.floating[Any]], head: Head) -> FloatArray:
    values = np.clip(np.asarray(probs, dtype=np.float64), _LEAST, 1 - _LEAST if head.is_multi else 1.0)
    return np.asarray(np.log(values) - (np.log1p(-values) if head.is_multi else 0.0))


def _probs(scores: FloatArray, head: Head) -> FloatArray:
    if head.is_multi:
        return np.asarray(0.5 * (1 + np.tanh(scores / 2)))  # a sigmoid that does not overflow
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _loss(scores: FloatArray, labels: NDArray[np.integer[Any]], head: Head) -> tuple[float, FloatArray]:
    """Summed log loss of the known labels, and its slope by every score (N, C)."""
    if head.is_multi:
        is_known, is_true = labels >= 0, labels == 1
        losses = np.logaddexp(0, np.where(is_true, -scores, scores))
        return float(losses[is_known].sum()), (_probs(scores, head) - is_true) * is_known
    rows = np.flatnonzero(labels >= 0)
    truth = labels[rows]
    probs = _probs(scores, head)
    slope = np.zeros_like(probs)
    slope[rows] = probs[rows]
    slope[rows, truth] -= 1
    return float(-np.log(np.maximum(probs[rows, truth], 1e-300)).sum()), slope
