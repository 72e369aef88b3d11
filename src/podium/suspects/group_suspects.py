"""Groups whose images say together that the label which they share is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.suspects.confident import label_margins
from podium.suspects.judge import Judgement

__all__ = ["GroupSuspect", "rank_groups"]

CONSISTENT = 0.95
"""Share of the groups with several images that agree on their label, from which on a head is an attribute of the group.
The rest are wrong labels."""
FEWEST = 2
"""Images of a group from which on it is judged as a whole."""
_LEAST = float(np.finfo(np.float32).eps)
"""Probabilities count as at least this much, so that one image that is sure cannot outvote any number."""


@dataclass(frozen=True)
class GroupSuspect:
    """A group and the label that all its images share.

    Args:
        group: The group.
        head: The question, see `Question.name`.
        given: The label.
        suggested: The class that its images speak for most besides.
        score: How far the label can be believed, in [0, 1]: 0.5 plus half the margin of the pooled probabilities.
        log_ratio: Mean over the images of log p(suggested) - log p(given); above 0 speaks against the label.
        n_images: Images with the label.
        images: Their ids.
    """

    group: str
    head: str
    given: str
    suggested: str
    score: float
    log_ratio: float
    n_images: int
    images: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return self.__dict__ | {"images": list(self.images)}


def rank_groups(
    judgement: Judgement, ids: NDArray[np.object_], groups: NDArray[np.object_]
) -> tuple[GroupSuspect, ...] | None:
    """The groups of a question by their mean log-probabilities, the most suspect first; None where labels differ inside
    groups, so that the group has no label of its own.

    Args:
        judgement: The judged question.
        ids: Id of every sample, shape (N,).
        groups: Group of every sample, shape (N,), see `Samples.group_keys`.
    """
    asked = judgement.question
    own = groups[asked.rows]
    order = np.argsort(own.astype(str), kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(np.unique(own.astype(str), return_inverse=True)[1][order])) + 1)
    large = [part for part in parts if len(part) >= FEWEST]
    agreeing = [part for part in large if len(set(asked.labels[part].tolist())) == 1]
    if not large or len(agreeing) < CONSISTENT * len(large):
        return None
    pooled = np.array([np.log(np.maximum(asked.probs[part], _LEAST)).mean(axis=0) for part in agreeing])
    labels = np.array([asked.labels[part[0]] for part in agreeing], dtype=np.int64)
    probs = np.exp(pooled - np.logaddexp.reduce(pooled, axis=1, keepdims=True))
    margin, suggested = label_margins(probs, labels, is_ordinal=asked.is_ordinal)
    found = [
        GroupSuspect(
            str(own[part[0]]),
            asked.name,
            asked.classes[labels[place]],
            asked.classes[suggested[place]],
            float((1 + margin[place]) / 2),
            float(pooled[place, suggested[place]] - pooled[place, labels[place]]),
            len(part),
            tuple(map(str, ids[asked.rows[part]])),
        )
        for place, part in enumerate(agreeing)
    ]
    return tuple(sorted(found, key=lambda group: (group.score, group.group)))
