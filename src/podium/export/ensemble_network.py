"""The runs of an ensemble as one network: stored images in, their blended probabilities and answers out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from podium.decisions import Blend, DecisionRules
from podium.errors import UsageError
from podium.export.answering import AnsweringNetwork
from podium.export.deciding import decide_in_graph
from podium.tables import DECISION_THRESHOLD, Head

__all__ = ["EnsembleNetwork", "check_blend"]

_LEAST = 1e-7
_TIE = 1e-3
Named = dict[str, Tensor]


def check_blend(blend: object) -> Blend:
    """The blend, where a graph can hold it.

    Raises:
        UsageError: If it ranks against tables, or is a stack.
    """
    if not isinstance(blend, Blend) or blend.kind == "ranks":
        what = "ranks each probability against the out-of-fold ones" if isinstance(blend, Blend) else "is a stack"
        raise UsageError(
            f"the ensemble {what}, which an exported graph does not hold.",
            fix="Make it again as a mean of probabilities or logits, or as a vote, or predict with the ensemble.",
        )
    return blend


class EnsembleNetwork(nn.Module):
    """What `Blend.combine` makes of the means over folds of several runs, and what the ensemble decides by it.

    Args:
        members: The runs that have a weight.
        inputs: For each of these, which of the images given to `forward` it takes.
        blend: What is averaged.
        weights: Per target, a weight for each of these.
        rules: How the ensemble decides.
    """

    def __init__(
        self,
        members: Sequence[AnsweringNetwork],
        inputs: Sequence[int],
        blend: Blend,
        weights: dict[str, Sequence[float]],
        rules: DecisionRules,
    ) -> None:
        super().__init__()
        self.members, self._inputs = nn.ModuleList(members), tuple(inputs)
        self.task, self._kind, self._weights, self._rules = members[0].task, blend.kind, weights, rules

    def forward(self, *pixels: Tensor) -> tuple[Tensor, ...]:
        """What `output_names` names, from stored images of every form (N, H, W, 3), float whole numbers 0 to 255."""
        parts: list[Named] = []
        for member, place in zip(self.members, self._inputs, strict=True):
            assert isinstance(member, AnsweringNetwork)
            parts.append(member.means(pixels[place]))
        blended = {
            head.name: self._combine([part[head.name] for part in parts], head, self._weights[head.name])
            for head in self.task.targets
        }
        shown, decided = decide_in_graph(blended, self.task, self._rules)
        return (*(shown[head.name] for head in self.task.targets), *(decided[head.name] for head in self.task.targets))

    def _combine(self, probs: Sequence[Tensor], head: Head, weights: Sequence[float]) -> Tensor:
        if self._kind == "logits":
            clipped = [values.clamp(_LEAST, 1 - _LEAST) for values in probs]
            if head.is_multi:
                return _weighted([values.log() - torch.log1p(-values) for values in clipped], weights).sigmoid()
            return _weighted([values.log() for values in clipped], weights).softmax(dim=1)
        if self._kind == "vote":
            votes = _weighted([_vote(values, head) for values in probs], weights)
            return _normalised((1 - _TIE) * votes + _TIE * _weighted(probs, weights), head)
        return _normalised(_weighted(probs, weights), head)


def _vote(probs: Tensor, head: Head) -> Tensor:
    if head.is_multi:
        return (probs >= DECISION_THRESHOLD).to(probs.dtype)
    return (probs.argmax(dim=1, keepdim=True) == torch.arange(head.n_classes)).to(probs.dtype)


def _weighted(values: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    return torch.stack([weight * value for value, weight in zip(values, weights, strict=True)]).sum(dim=0)


def _normalised(values: Tensor, head: Head) -> Tensor:
    return values.clamp(0, 1) if head.is_multi else values / values.sum(dim=1, keepdim=True)
