"""What several annotators and a model say together: CROWDLAB's consensus, and how far each annotator can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Crowd", "judge_crowd"]

_LEAST = 1e-6
_Labels = NDArray[np.int64]
_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Crowd:
    """Annotators and model, weighed together. N images, A annotators, C classes.

    Args:
        belief: Probability of each class by all of them, shape (N, C).
        consensus: The most probable class, shape (N,).
        quality: How far each annotator can be trusted, in [0, 1], shape (A,); nan for one who shares no image with
            others.
        agreement: Share of each one's labels that are the consensus, shape (A,); nan for one without labels.
        model_weight: What the model weighs.
        annotator_weight: What each annotator weighs beside it, shape (A,).
    """

    belief: _Floats
    consensus: _Labels
    quality: _Floats
    agreement: _Floats
    model_weight: float
    annotator_weight: _Floats


def judge_crowd(votes: _Labels, probs: _Floats) -> Crowd:
    """The consensus of annotators and a model that had not seen these images.

    An annotator weighs by how often others of the same image say the same, the model by how often it says what most of
    them say, both measured against always answering the commonest class.

    Args:
        votes: Class that each annotator gave each image, shape (N, A), -1 where not asked; each image has one at least,
            and one image has two.
        probs: Out-of-fold probabilities of the model, shape (N, C).

    Raises:
        ValueError: If an image has no vote, or none has two.

    Source:
        Goh, Tkachenko and Mueller 2022, "CROWDLAB: Supervised learning to infer consensus labels and quality scores for
        data with multiple annotators"; the numbers are those of cleanlab.multiannotator.
    """
    n_votes = (votes >= 0).sum(axis=1)
    if not n_votes.all() or n_votes.max(initial=0) < 2:
        raise ValueError("every image needs a vote, and one of them two.")
    majority = _majority(votes, probs)
    first = _believe(votes, probs, majority)[0]
    best = first.max(axis=1, keepdims=True)
    is_tied = (first == best).sum(axis=1) > 1
    consensus = np.where(is_tied, majority, first.argmax(axis=1)).astype(np.int64)
    belief, model_weight, weights = _believe(votes, probs, consensus)
    quality, agreement = _trust(votes, belief, consensus, model_weight, weights)
    return Crowd(belief, consensus, quality, agreement, model_weight, weights)


def _majority(votes: _Labels, probs: _Floats) -> _Labels:
    """Class with the most votes, shape (N,); of equal ones the one that the model finds most probable."""
    counts = np.stack([(votes == label).sum(axis=1) for label in range(probs.shape[1])], axis=1)
    is_most = counts == counts.max(axis=1, keepdims=True)
    best: _Labels = np.where(is_most, probs, -1.0).argmax(axis=1).astype(np.int64)
    return best


def _believe(votes: _Labels, probs: _Floats, consensus: _Labels) -> tuple[_Floats, float, _Floats]:
    """Weighted mean of the model and of what each vote says, shape (N, C), and the weights."""
    n_classes, n_votes = probs.shape[1], (votes >= 0).sum(axis=1)
    several = n_votes > 1
    right = float(((votes == consensus[:, None]).sum(axis=1) / n_votes)[several].mean())
    wrong = (1 - right) / (n_classes - 1)
    commonest = np.bincount(consensus[several], minlength=n_classes).argmax()
    by_chance = max(_LEAST, float((consensus[several] != commonest).mean()))
    weights = np.maximum(_LEAST, 1 - (1 - _agreement_with_others(votes, n_votes)) / by_chance)
    error = float((probs[several].argmax(axis=1) != consensus[several]).mean())
    model_weight = max(_LEAST, 1 - error / by_chance) * float(np.sqrt(n_votes.mean()))
    belief = model_weight * probs
    total = np.full(len(votes), model_weight)
    for one, weight in zip(votes.T, weights, strict=True):
        asked = one >= 0
        belief[asked] += weight * np.where(one[asked, None] == np.arange(n_classes), right, wrong)
        total[asked] += weight
    return belief / total[:, None], model_weight, weights


def _agreement_with_others(votes: _Labels, n_votes: _Labels) -> _Floats:
    """Share of the other annotators of the same image who say the same, shape (A,); the mean where there are none."""
    found = np.full(votes.shape[1], np.nan)
    for place, one in enumerate(votes.T):
        rows = (one >= 0) & (n_votes > 1)
        others = (n_votes[rows] - 1).sum()
        if others:
            found[place] = ((votes[rows] == one[rows, None]).sum(axis=1) - 1).sum() / others
    return np.where(np.isnan(found), np.nanmean(found), found)


def _trust(
    votes: _Labels, belief: _Floats, consensus: _Labels, model_weight: float, weights: _Floats
) -> tuple[_Floats, _Floats]:
    """Quality of each annotator, and the share of the labels that are the consensus, both shape (A,)."""
    n_votes = (votes >= 0).sum(axis=1)
    shared = float(weights.sum() * n_votes.mean() / len(weights))
    by_model = model_weight / (model_weight + shared)
    quality, agreement = np.full(len(weights), np.nan), np.full(len(weights), np.nan)
    for place, one in enumerate(votes.T):
        asked, beside = one >= 0, (one >= 0) & (n_votes > 1)
        agreement[place] = _mean(one[asked] == consensus[asked])
        own = _mean(belief[asked, one[asked]])
        quality[place] = by_model * own + (1 - by_model) * _mean(one[beside] == consensus[beside])
    return quality, agreement


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else float("nan")
