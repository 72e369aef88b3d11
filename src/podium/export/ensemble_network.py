"""The runs of an ensemble as one network: stored images in, their blended probabilities and answers out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from podium.decisions import Blend, DecisionRules, Logistic, Stack
from podium.errors import UsageError
from podium.export.answering import AnsweringNetwork
from podium.export.deciding import decide_in_graph
from podium.tables import DECISION_THRESHOLD, Head

__all__ = ["EnsembleNetwork", "check_blend", "step_of"]

_LEAST, _LEAST_OF_STACK = 1e-7, 1e-6
_TIE = 1e-3
Named = dict[str, Tensor]
T = TypeVar("T")


def check_blend(blend: Blend | Stack) -> None:
    """Raise UsageError where an answer needs more than the images."""
    if isinstance(blend, Stack) and blend.columns is not None:
        raise UsageError(
            "the ensemble looks at columns of a table, which an exported graph does not see.",
            fix="Stack it again without columns, or predict with the ensemble.",
        )


def step_of(blend: Blend | Stack | None) -> float:
    """How far a rounding error may move a probability: ranks go in steps."""
    if isinstance(blend, Blend) and blend.kind == "ranks":
        return 1 / (min(len(grid) for grids in blend.grids.values() for grid in grids) + 1)
    return 0.0


class EnsembleNetwork(nn.Module):
    """What `Blend.combine` or `Stack.combine` makes of the means over folds of several runs, and what the ensemble
    decides by it.

    Args:
        members: The runs that are used.
        inputs: For each of these, which of the images given to `forward` it takes.
        blend: How they become one.
        used: Which of the runs of the blend these are.
        rules: How the ensemble decides.
    """

    def __init__(
        self,
        members: Sequence[AnsweringNetwork],
        inputs: Sequence[int],
        blend: Blend | Stack,
        used: Sequence[bool],
        rules: DecisionRules,
    ) -> None:
        super().__init__()
        self.members, self._inputs = nn.ModuleList(members), tuple(inputs)
        self.task, self._rules = members[0].task, rules
        self.blend_by(blend, used)

    def blend_by(self, blend: Blend | Stack, used: Sequence[bool]) -> None:
        """Combine the members by this."""
        self._blend = blend
        self._weights = {name: _of_used(own, used) for name, own in blend.weights.items()}
        grids = blend.grids if isinstance(blend, Blend) else {}
        self._grids = {name: [_constant(grid) for grid in _of_used(own, used)] for name, own in grids.items()}

    def forward(self, *pixels: Tensor) -> tuple[Tensor, ...]:
        """What `output_names` names, from stored images of every form (N, H, W, 3), float whole numbers 0 to 255."""
        parts: list[Named] = []
        for member, place in zip(self.members, self._inputs, strict=True):
            assert isinstance(member, AnsweringNetwork)
            parts.append(member.means(pixels[place]))
        blended = {head.name: self.combine([part[head.name] for part in parts], head) for head in self.task.targets}
        shown, decided = decide_in_graph(blended, self.task, self._rules)
        return (*(shown[head.name] for head in self.task.targets), *(decided[head.name] for head in self.task.targets))

    def combine(self, probs: Sequence[Tensor], head: Head) -> Tensor:
        """Probabilities (N, C) of a target from those of every member."""
        if isinstance(self._blend, Stack):
            return _stack(self._blend.models[head.name], probs, head)
        kind, weights = self._blend.kind, self._weights[head.name]
        if kind == "logits":
            return _activated(_weighted([_logits(values, head, _LEAST) for values in probs], weights), head)
        if kind == "ranks":
            ranks = [_ranks(values, grid) for values, grid in zip(probs, self._grids[head.name], strict=True)]
            return _normalised(_weighted(ranks, weights), head)
        if kind == "vote":
            votes = _weighted([_vote(values, head) for values in probs], weights)
            return _normalised((1 - _TIE) * votes + _TIE * _weighted(probs, weights), head)
        return _normalised(_weighted(probs, weights), head)


def _of_used(values: Sequence[T], used: Sequence[bool]) -> list[T]:
    return [value for value, is_used in zip(values, used, strict=True) if is_used]


def _constant(values: NDArray[np.float64]) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32)


def _logits(probs: Tensor, head: Head, least: float) -> Tensor:
    if head.is_multi:  # a difference from 1 is exact in float32, 1 - least is not
        return probs.clamp(min=least).log() - (1 - probs).clamp(min=least).log()
    return probs.clamp(least, 1 - least).log()


def _activated(logits: Tensor, head: Head) -> Tensor:
    return logits.sigmoid() if head.is_multi else logits.softmax(dim=1)


def _ranks(probs: Tensor, grid: Tensor) -> Tensor:
    """The share of a grid (Q, C) that is smaller than each probability (N, C), ties by half."""
    values = probs.unsqueeze(1)
    below, upto = ((grid < values).to(probs.dtype).sum(dim=1), (grid <= values).to(probs.dtype).sum(dim=1))
    return ((below + upto) / 2 + 0.5) / (len(grid) + 1)


def _stack(model: Logistic, probs: Sequence[Tensor], head: Head) -> Tensor:
    logs = [_logits(values, head, _LEAST_OF_STACK) for values in probs]
    features = (torch.cat(logs, dim=1) - _constant(model.centre)) / _constant(model.scale)
    base = torch.stack(logs).mean(dim=0)
    return _activated(base + features @ _constant(model.coefficients) + _constant(model.intercept), head)


def _vote(probs: Tensor, head: Head) -> Tensor:
    if head.is_multi:
        return (probs >= DECISION_THRESHOLD).to(probs.dtype)
    return (probs.argmax(dim=1, keepdim=True) == torch.arange(head.n_classes)).to(probs.dtype)


def _weighted(values: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    return torch.stack([weight * value for value, weight in zip(values, weights, strict=True)]).sum(dim=0)


def _normalised(values: Tensor, head: Head) -> Tensor:
    return values.clamp(0, 1) if head.is_multi else values / values.sum(dim=1, keepdim=True)
