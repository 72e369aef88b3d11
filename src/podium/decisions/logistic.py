"""A logistic regression that moves given logits, and is shrunk towards leaving them as they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["STRENGTHS", "Logistic", "choose_strength", "fit_logistic"]

FloatArray = NDArray[np.float64]
STRENGTHS = (math.inf, 1.0, 0.1, 0.01, 0.001)
"""Weights of the squared coefficients that are tried; with infinity the logits stay as they are."""
_MOST_STEPS = 200
_LEAST_SPREAD = 1e-9


@dataclass(frozen=True, eq=False)
class Logistic:
    """What is added to logits: coefficients of standardised features, and a constant a class.

    Args:
        coefficients: Shape (F, C).
        intercept: Shape (C,).
        centre: Mean of each feature, shape (F,).
        scale: Standard deviation of each feature, shape (F,).
        strength: Weight of the squared coefficients in the loss.
    """

    coefficients: FloatArray
    intercept: FloatArray
    centre: FloatArray
    scale: FloatArray
    strength: float

    def probs(self, base: FloatArray, features: FloatArray, *, is_multi: bool) -> FloatArray:
        """Probabilities, shape (N, C)."""
        logits = base + ((features - self.centre) / self.scale) @ self.coefficients + self.intercept
        return np.exp(_log_probs(logits, is_multi))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts; an infinite strength is None."""
        arrays = {name: value.tolist() for name, value in vars(self).items() if name != "strength"}
        return arrays | {"strength": None if math.isinf(self.strength) else self.strength}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Logistic:
        """The regression that `to_dict` wrote."""
        strength = record["strength"]
        arrays = {name: np.asarray(record[name], dtype=np.float64) for name in record if name != "strength"}
        return cls(**arrays, strength=math.inf if strength is None else strength)


def _log_probs(logits: FloatArray, is_multi: bool) -> FloatArray:
    if is_multi:
        return np.asarray(-np.logaddexp(0, -logits))
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _targets(labels: NDArray[np.integer[Any]], n_classes: int, is_multi: bool) -> tuple[FloatArray, FloatArray]:
    """What each logit should be, and which of them count, shape (N, C) each."""
    if is_multi:
        return (labels == 1).astype(np.float64), (labels >= 0).astype(np.float64)
    return np.eye(n_classes)[labels], np.ones((len(labels), 1))


def fit_logistic(
    base: FloatArray, features: FloatArray, labels: NDArray[np.integer[Any]], strength: float, *, is_multi: bool
) -> Logistic:
    """The least mean log loss plus half the strength times the sum of squared coefficients.

    Args:
        base: Logits to move, shape (N, C).
        features: Shape (N, F).
        labels: Classes, shape (N,); for several labels 0 and 1, shape (N, C), -1 is missing.
        strength: Weight of the squared coefficients; infinity leaves the logits as they are.
        is_multi: Whether an image may have several classes.
    """
    n, n_classes = base.shape
    centre, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > _LEAST_SPREAD, scale, 1.0)
    n_features = features.shape[1]
    still = Logistic(np.zeros((n_features, n_classes)), np.zeros(n_classes), centre, scale, strength)
    if math.isinf(strength):
        return still
    from scipy.optimize import minimize

    x = (features - centre) / scale
    wanted, counts = _targets(labels, n_classes, is_multi)

    def loss(packed: FloatArray) -> tuple[float, FloatArray]:
        weights = packed.reshape(n_features + 1, n_classes)
        logits = base + x @ weights[:-1] + weights[-1]
        logs = _log_probs(logits, is_multi)
        probs = np.exp(logs)
        rest = -np.logaddexp(0, logits) if is_multi else 0.0
        value = -(counts * (wanted * logs + (1 - wanted) * rest)).sum() / n
        error = counts * (probs - wanted) / n
        gradient = np.concatenate([x.T @ error + strength * weights[:-1], error.sum(axis=0)[None]])
        return float(value + strength / 2 * (weights[:-1] ** 2).sum()), gradient.ravel()

    start = np.zeros((n_features + 1) * n_classes)
    options = {"maxiter": _MOST_STEPS, "ftol": 1e-10, "gtol": 1e-7}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x.reshape(n_features + 1, n_classes)
    return Logistic(found[:-1], found[-1], centre, scale, strength)


def choose_strength(
    base: FloatArray,
    features: FloatArray,
    labels: NDArray[np.integer[Any]],
    inner: NDArray[np.int64],
    *,
    is_multi: bool,
) -> float:
    """The strength with the least log loss on inner folds, each judged by a regression of the others.

    Args:
        base: Logits to move, shape (N, C).
        features: Shape (N, F).
        labels: As for `fit_logistic`.
        inner: Inner fold of each row.
        is_multi: Whether an image may have several classes.
    """
    folds = sorted(set(inner.tolist()))
    if len(folds) < 2:
        return math.inf
    losses = {}
    for strength in STRENGTHS:
        total = 0.0
        for fold in folds:
            judged = inner == fold
            model = fit_logistic(base[~judged], features[~judged], labels[~judged], strength, is_multi=is_multi)
            total += _log_loss(model.probs(base[judged], features[judged], is_multi=is_multi), labels[judged], is_multi)
        losses[strength] = total
    return min(losses, key=lambda strength: losses[strength])


def _log_loss(probs: FloatArray, labels: NDArray[np.integer[Any]], is_multi: bool) -> float:
    clipped = np.clip(probs, 1e-12, 1 - 1e-12)
    wanted, counts = _targets(labels, probs.shape[1], is_multi)
    rest = np.log1p(-clipped) if is_multi else 0.0
    return float(-(counts * (wanted * np.log(clipped) + (1 - wanted) * rest)).sum())
