"""Probabilities for images among which classes are more or less frequent than among those that were learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head

__all__ = ["Prevalence", "estimate_prevalence", "shares_of"]

FloatArray = NDArray[np.float64]
_LEAST = 1e-6
_MOST_ROUNDS, _DONE = 1000, 1e-9


@dataclass(frozen=True)
class Prevalence:
    """Shares of the classes of one target.

    Args:
        learnt: Shares among the images that were learnt, one a class; of several labels the share of images with each.
        expected: Shares among the images that are answered.
    """

    learnt: tuple[float, ...]
    expected: tuple[float, ...]

    def apply(self, probs: NDArray[np.floating[Any]], head: Head) -> FloatArray:
        """The probabilities under the expected shares, shape (N, C).

        Bayes' rule with p(image | class) as it was learnt: each probability times the ratio of the shares, made to sum
        to 1; of several labels the odds of each times the ratio of its odds.

        Source:
            Saerens, Latinne and Decaestecker 2002, "Adjusting the Outputs of a Classifier to New a Priori
            Probabilities: A Simple Procedure", equation 2.4.
        """
        return _adjust(np.asarray(probs, dtype=np.float64), np.array(self.learnt), np.array(self.expected), head)

    def weights(self, labels: NDArray[np.integer[Any]], head: Head) -> FloatArray:
        """How much each label counts for the expected shares, as `labels`; 0 where one is missing.

        The mean of a score with these weights is what it would be on images with the expected shares, if within a
        class images are alike.
        """
        learnt, expected = _floored(self.learnt), _floored(self.expected)
        if head.is_multi:
            yes, no = expected / learnt, (1 - expected) / (1 - learnt)
            return np.where(labels == 1, yes, np.where(labels == 0, no, 0.0))
        return np.where(labels >= 0, (expected / learnt)[labels], 0.0)


def shares_of(labels: NDArray[np.integer[Any]], head: Head) -> FloatArray:
    """Share of each class among known labels, shape (C,)."""
    if head.is_multi:
        known = np.maximum((labels >= 0).sum(axis=0), 1)
        return np.asarray((labels == 1).sum(axis=0) / known, dtype=np.float64)
    counts = np.bincount(labels[labels >= 0], minlength=head.n_classes)
    return np.asarray(counts / max(1, counts.sum()), dtype=np.float64)


def estimate_prevalence(probs: NDArray[np.floating[Any]], learnt: FloatArray, head: Head) -> FloatArray:
    """Shares of the classes among unlabelled images, by expectation and maximization, shape (C,).

    Args:
        probs: Probabilities of these images under the learnt shares, shape (N, C). They should be calibrated.
        learnt: Shares that were learnt.
        head: The target.

    Source:
        Saerens, Latinne and Decaestecker 2002, equation 2.9; of several labels, each is a task of two classes.
    """
    given, expected = np.asarray(probs, dtype=np.float64), np.asarray(learnt, dtype=np.float64)
    for _ in range(_MOST_ROUNDS):
        new = _adjust(given, np.asarray(learnt), expected, head).mean(axis=0)
        moved = float(np.abs(new - expected).max())
        expected = new
        if moved < _DONE:
            break
    return expected


def _adjust(probs: FloatArray, learnt: FloatArray, expected: FloatArray, head: Head) -> FloatArray:
    learnt, expected = _floored(learnt), _floored(expected)
    if head.is_multi:
        yes = probs * (expected / learnt)
        no = (1 - probs) * ((1 - expected) / (1 - learnt))
        return np.asarray(yes / np.maximum(yes + no, 1e-300))
    raised = probs * (expected / learnt)
    return np.asarray(raised / np.maximum(raised.sum(axis=1, keepdims=True), 1e-300))


def _floored(shares: Any) -> FloatArray:
    """A class that was never learnt, or is never expected, keeps a share with which one can calculate."""
    return np.clip(np.asarray(shares, dtype=np.float64), _LEAST, 1 - _LEAST)
