"""Probabilities of several images made those of the one thing that they show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head, Predictions, Samples, join_bags, number_bags

__all__ = ["Pool", "judged_answers", "pool_bags", "pool_probs"]

Pool = Literal["mean", "median", "max", "noisy_or", "logit_mean"]

_LEAST = float(np.finfo(np.float32).eps)
"""Logarithms are taken of at least this much, so that one image that is sure cannot outvote any number."""


def judged_answers(predictions: Predictions, samples: Samples, pool: Pool) -> tuple[Predictions, Samples]:
    """What a score is of: a row for each bag, in predictions and samples alike; both as they are without bags.

    Args:
        predictions: Predictions of images; those of bags stay as they are.
        samples: Samples of these images and perhaps more.
        pool: How the probabilities of a bag's images become one.

    Raises:
        SourceError: If a prediction's id is not among the samples.
    """
    if samples.bag is None:
        return predictions, samples
    rows = np.sort(samples.rows_of(predictions.ids))
    judged = samples.take(rows)
    columns = replace(predictions.align(judged.ids), group=judged.group, bag=judged.bag)
    return pool_bags(columns, pool), join_bags(judged)


def pool_bags(predictions: Predictions, pool: Pool) -> Predictions:
    """The predictions with one row for each bag, which has its name; the same predictions where they name no bags.

    Every target is pooled by itself, a composite class too. The fold is that of the bag's images, which are in one.
    """
    if predictions.bag is None:
        return predictions
    numbers = number_bags(predictions.ids, predictions.bag)
    firsts = np.unique(numbers, return_index=True)[1]
    names = np.where(predictions.bag == "", predictions.ids, predictions.bag).astype(object)
    probs = {
        head.name: pool_probs(predictions.probs[head.name], head, numbers, pool) for head in predictions.task.targets
    }
    one = replace(predictions.take(firsts), bag=None)
    return replace(one, ids=names[firsts], probs=probs)


def pool_probs(
    probs: NDArray[np.floating[Any]], head: Head, numbers: NDArray[np.integer[Any]], pool: Pool
) -> NDArray[np.float64]:
    """The probabilities of every bag, shape (bags, C).

    A bag of one image has that image's. Where classes exclude each other, what comes out is made to sum to 1.

    Args:
        probs: Probabilities of the images, shape (N, C).
        head: Whose they are.
        numbers: The bag of each image, shape (N,), from 0 without a gap.
        pool: "mean", "median" and "max" of each class; "noisy_or", 1 - prod(1 - p), the probability that at least one
            image shows it if images err independently; "logit_mean", the mean of the log-odds of a multi-label class,
            and of the log-probabilities of other heads.

    Source:
        Pearl 1988, "Probabilistic Reasoning in Intelligent Systems" (noisy-or); Genest and Zidek 1986, "Combining
        Probability Distributions" (the logarithmic opinion pool).

    Example:
        >>> pair = np.array([[0.2, 0.8], [0.6, 0.4]])
        >>> pool_probs(pair, Head("mask", "single", ("no", "yes")), np.array([0, 0]), "mean")
        array([[0.4, 0.6]])
    """
    order = np.argsort(numbers, kind="stable")
    sizes = np.bincount(numbers)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rows = np.asarray(probs, dtype=np.float64)[order]
    pooled = _pool_sorted(rows, starts, sizes, pool, is_multi=head.is_multi)
    if not head.is_multi:
        pooled = pooled / pooled.sum(axis=1, keepdims=True)
    return np.where((sizes == 1)[:, None], rows[starts], pooled)


def _pool_sorted(
    rows: NDArray[np.float64], starts: NDArray[np.int64], sizes: NDArray[np.int64], pool: Pool, *, is_multi: bool
) -> NDArray[np.float64]:
    """Rows that are sorted by bag, pooled; not yet made to sum to 1."""
    if pool == "mean":
        return np.asarray(np.add.reduceat(rows, starts) / sizes[:, None])
    if pool == "max":
        return np.asarray(np.maximum.reduceat(rows, starts))
    if pool == "median":
        return np.stack([np.median(part, axis=0) for part in np.split(rows, starts[1:])])
    if pool == "noisy_or":
        with np.errstate(divide="ignore"):  # log(0) of an image that is certain: the bag is too
            return np.asarray(-np.expm1(np.add.reduceat(np.log1p(-np.minimum(rows, 1.0)), starts)))
    yes = np.log(np.maximum(rows, _LEAST))
    no = np.log(np.maximum(1 - rows, _LEAST)) if is_multi else np.zeros_like(yes)
    mean = np.add.reduceat(yes - no, starts) / sizes[:, None]
    if is_multi:
        return np.asarray(1 / (1 + np.exp(-mean)))
    return np.asarray(np.exp(mean - mean.max(axis=1, keepdims=True)))
