"""Which epochs a greedy soup averages, chosen and judged on different halves of the validation images."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from podium.engine import EvalBatches, Parts, predict_logits
from podium.engine.norm_statistics import measure_norms
from podium.models import GreedySoup, choose_members
from podium.stopping import StopRequest

__all__ = ["Half", "Tasting", "deal_halves"]

Logits = Mapping[str, NDArray[np.floating[Any]]]
ScoreSome = Callable[[Logits, NDArray[np.int64]], float]
"""Logits of all validation samples and positions among them -> their score, larger is better."""


@dataclass(frozen=True)
class Half:
    """A model whose epochs were chosen without some validation samples, which it may therefore be judged on.

    Args:
        positions: These samples, among those that validate.
        model: The model.
    """

    positions: NDArray[np.int64]
    model: nn.Module


def deal_halves(groups: NDArray[np.object_], *, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of two halves, groups whole.

    Example:
        >>> deal_halves(np.array(["a", "b", "a", "c"], dtype=object), seed=0)
        (array([0, 2, 3]), array([1]))
    """
    names, numbers = np.unique(groups.astype(str), return_inverse=True)
    is_first = np.random.default_rng([seed, 0x50FA]).permutation(len(names)) % 2 == 0
    return np.flatnonzero(is_first[numbers]), np.flatnonzero(~is_first[numbers])


@dataclass
class Tasting:
    """Means of epochs, each made and evaluated once.

    Args:
        parts: The training's parts.
        soup: The epochs.
        valid: The validation samples.
        training: Gives the training batches once more, for batch-norm statistics.
        score: The score of some of the validation samples.
        stop: Asked before every batch.
    """

    parts: Parts
    soup: GreedySoup
    valid: EvalBatches
    training: Callable[[], Any]
    score: ScoreSome
    stop: StopRequest
    _known: dict[frozenset[int], Logits] = field(default_factory=dict)

    def make(self, members: frozenset[int]) -> nn.Module:
        """The mean of these epochs, its batch norms measured anew."""
        model = copy.deepcopy(self.parts.model)
        self.soup.pour_some_into(model, members)
        measure_norms(model, self.stop.watch(self.training()), self.parts)
        return model

    def choose(self, positions: NDArray[np.int64]) -> frozenset[int]:
        """The greedy choice by these validation samples."""
        return frozenset(
            choose_members(self.soup.n_taken, lambda members: self.score(self._logits(members), positions))
        )

    def _logits(self, members: frozenset[int]) -> Logits:
        if members not in self._known:
            model = self.make(members)
            parts = self.parts
            found = predict_logits(model, self.stop.watch(self.valid), device=parts.device, precision=parts.precision)
            self._known[members] = found
        return self._known[members]
