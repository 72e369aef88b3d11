"""Answers that become right, or wrong, from one run to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head, decide

__all__ = ["Flip", "find_flips"]


@dataclass(frozen=True)
class Flip:
    """An answer that one of two runs has right and the other wrong.

    Args:
        image: Id of the image.
        target: The head, or the composite class.
        label: The true class; of a multi-label head "class" or "not class".
        before: Answer of the reference.
        after: Answer of the other run.
        prob_before: Probability that the reference gives the truth.
        prob_after: Probability that the other run gives it.
    """

    image: str
    target: str
    label: str
    before: str
    after: str
    prob_before: float
    prob_after: float

    COLUMNS = ("image", "target", "label", "before", "after", "p_before", "p_after", "became")

    @property
    def became_right(self) -> bool:
        """Whether the other run is the one that has it right."""
        return self.after == self.label

    def cells(self) -> list[str]:
        """The row of a table."""
        became = "right" if self.became_right else "wrong"
        probs = (f"{self.prob_before:.4f}", f"{self.prob_after:.4f}")
        return [self.image, self.target, self.label, self.before, self.after, *probs, became]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return self.__dict__ | {"became_right": self.became_right}


def find_flips(
    ids: NDArray[np.object_],
    before: NDArray[np.floating[Any]],
    after: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    head: Head,
) -> list[Flip]:
    """Answers that only one of two runs has right, those first whose probability of the truth moved farthest.

    Args:
        ids: Ids of the images, shape (N,).
        before: Probabilities of the reference, shape (N, C).
        after: Probabilities of the other run, shape (N, C).
        labels: Labels, shape (N,), or (N, C) for a multi-label head; -1 is missing.
        head: The target.
    """
    old, new = decide(before, head), decide(after, head)
    is_flip = (labels >= 0) & ((old == labels) != (new == labels))
    found = []
    for place in np.argwhere(is_flip):
        row, number = int(place[0]), int(place[-1])
        at = (row, number) if head.is_multi else (row,)
        label = int(labels[at])
        probs = [_prob_of(label, run[row], number, head) for run in (before, after)]
        names = [_say(int(value), number, head) for value in (label, old[at], new[at])]
        found.append(Flip(str(ids[row]), head.name, names[0], names[1], names[2], *probs))
    return sorted(found, key=lambda one: -abs(one.prob_after - one.prob_before))


def _prob_of(label: int, probs: NDArray[np.floating[Any]], number: int, head: Head) -> float:
    if not head.is_multi:
        return float(probs[label])
    return float(probs[number] if label else 1 - probs[number])


def _say(value: int, number: int, head: Head) -> str:
    if not head.is_multi:
        return head.classes[value]
    return head.classes[number] if value else f"not {head.classes[number]}"
