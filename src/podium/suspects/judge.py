"""How far each given label can be believed: the model's answer, annotators and the neighbours' labels, together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.suspects.annotators import AskedCrowd
from podium.suspects.confident import confident_classes, label_margins
from podium.suspects.neighbours import Neighbours, neighbour_shares
from podium.suspects.question import Question

__all__ = ["Judgement", "judge_question"]

MODEL_WEIGHT = 0.5
"""What the model's margin weighs beside the neighbours'."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """What is thought of the labels of one question, arrays of shape (M,).

    Args:
        question: The question.
        score: How far the label can be believed, in [0, 1]; 0 is surely wrong.
        suggested: The class that speaks most against the label.
        is_confident: Whether the image confidently has another class, by the confident joint.
        kin: Shares of the classes among each image's neighbours, shape (M, C); nan where nobody was asked.
        crowd: What annotators said; None where none are known.
        wrong: In how many of the repeated runs each label is not the most probable class; None for a single run.
        n_runs: How many runs there are.
    """

    question: Question
    score: NDArray[np.float64]
    suggested: NDArray[np.int64]
    is_confident: NDArray[np.bool_]
    kin: NDArray[np.float64]
    crowd: AskedCrowd | None = None
    wrong: NDArray[np.int64] | None = None
    n_runs: int = 1

    @property
    def n_confident(self) -> int:
        """Labels that are confidently wrong: an estimate of how many are."""
        return int(self.is_confident.sum())


def judge_question(
    question: Question,
    neighbours: Neighbours | None,
    n_samples: int,
    *,
    crowd: AskedCrowd | None = None,
    repeats: Sequence[Question] = (),
) -> Judgement:
    """Every label of a question, judged.

    Args:
        question: The question.
        neighbours: Of all samples, from `find_neighbours`; None asks the model alone.
        n_samples: Number of samples N.
        crowd: What annotators said of its images.
        repeats: The same question, answered by each of several runs, of whose answers those of `question` are the mean.
    """
    labels = question.labels
    if neighbours is None:
        kin = np.full_like(question.probs, np.nan)
    else:
        kin = neighbour_shares(neighbours, question.all_labels(n_samples), len(question.classes))[question.rows]
    is_asked = ~np.isnan(kin).any(axis=1, keepdims=True)
    own = question.probs if crowd is None else crowd.belief
    belief = np.where(is_asked, MODEL_WEIGHT * own + (1 - MODEL_WEIGHT) * kin, own)
    margin, suggested = label_margins(belief, labels, is_ordinal=question.is_ordinal)
    found = confident_classes(question.probs, labels) if len(labels) else labels
    is_confident = (found >= 0) & (found != labels) & (question.probs.argmax(axis=1) != labels)
    wrong = sum((one.probs.argmax(axis=1) != labels).astype(np.int64) for one in repeats) if repeats else None
    return Judgement(question, (1 + margin) / 2, suggested, is_confident, kin, crowd, wrong, max(1, len(repeats)))
