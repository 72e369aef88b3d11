"""Predictions made again beside those that were submitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from podium.decisions import DecisionRules
from podium.errors import DataError
from podium.export.closeness import is_close
from podium.tables import Predictions

__all__ = ["ON_GPUS", "REDUCED", "SAME_BITS", "Comparison", "compare_predictions"]

SAME_BITS, REDUCED, ON_GPUS = 1e-4, 0.05, 5e-3
"""How far a probability may be away: in fp32 between CPUs, in fewer bits, and where a GPU takes part."""


@dataclass(frozen=True)
class Comparison:
    """What was found, over all images and targets.

    Args:
        n_images: Images.
        has_same_bits: Whether no probability differs in any bit.
        largest: The largest difference of a probability.
        worst: Its image.
        tolerance: How large it may be.
        n_other: Images with another answer.
        n_far: Those of them whose answers do not lie within the tolerance of each other.
        first_far: The first of these; "" where there is none.
    """

    n_images: int
    has_same_bits: bool
    largest: float
    worst: str
    tolerance: float
    n_other: int
    n_far: int
    first_far: str

    @property
    def is_within(self) -> bool:
        """Whether probabilities and answers are the same but for what another CPU does."""
        return self.largest <= self.tolerance and not self.n_far

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return asdict(self)


def compare_predictions(made: Predictions, wanted: Predictions, rules: DecisionRules, tolerance: float) -> Comparison:
    """Compare predictions of the same images.

    Args:
        made: The new ones.
        wanted: Those of before, in any order.
        rules: How both are decided.
        tolerance: How far a probability may be away.

    Raises:
        DataError: If they are of other images or of another task.
    """
    if made.task != wanted.task:
        raise DataError("the predictions are of another task.")
    wanted = wanted.align(made.ids)
    each = [np.abs(made.probs[name] - wanted.probs[name]).max(axis=1) for name in made.probs]
    largest = np.max(each, axis=0)  # (N,)
    row = int(largest.argmax())
    other = _differing(rules.decide(made), rules.decide(wanted))
    usual = rules.join(wanted)  # a row for each answer
    near = [is_close(usual.probs[head.name], head, rules, 2 * tolerance) for head in made.task.targets]
    far = np.flatnonzero(other & ~np.any(near, axis=0))
    return Comparison(
        n_images=len(made),
        has_same_bits=all(np.array_equal(made.probs[name], wanted.probs[name]) for name in made.probs),
        largest=float(largest[row]),
        worst=str(made.ids[row]),
        tolerance=tolerance,
        n_other=int(other.sum()),
        n_far=len(far),
        first_far=str(usual.ids[far[0]]) if len(far) else "",
    )


def _differing(made: Mapping[str, Any], wanted: Mapping[str, Any]) -> Any:
    parts = [(made[name] != wanted[name]).reshape(len(wanted[name]), -1).any(axis=1) for name in wanted]
    return np.any(parts, axis=0)
