"""The loss over all heads of a batch, exact under gradient accumulation and missing labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["HeadObjective", "Objective"]

PerSampleLoss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""(logits (B, C), target) -> (loss (B,), weight (B,)); the weights depend on the target only, 0 = missing."""


@dataclass(frozen=True)
class HeadObjective:
    """One head's loss and its share in the sum."""

    per_sample: PerSampleLoss
    weight: float = 1.0


@dataclass(frozen=True)
class Objective:
    """Sum over heads of weight x weighted mean of the per-sample losses.

    The mean is over the whole batch: a batch fed in pieces gets the totals first, so that the pieces' gradients add up
    to the gradient of the batch, with a smaller last piece or missing labels too.
    """

    heads: Mapping[str, HeadObjective]

    def totals(self, logit_shapes: Mapping[str, int], targets: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Sum of the sample weights of every head, from the targets of the whole batch.

        Args:
            logit_shapes: Number of classes per head.
            targets: Targets per head, first axis B.
        """
        totals = {}
        with torch.no_grad():
            for name, head in self.heads.items():
                target = targets[name]
                blank = torch.zeros(len(target), logit_shapes[name], device=target.device)
                totals[name] = head.per_sample(blank, target)[1].sum()
        return totals

    def __call__(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        totals: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """This piece's share of the batch's loss, a scalar; without totals the piece is the batch."""
        loss: Tensor | None = None
        for name, head in self.heads.items():
            values, weights = head.per_sample(logits[name].float(), targets[name])
            total = weights.sum() if totals is None else totals[name]
            share = (values * weights).sum() / total.clamp_min(torch.finfo(values.dtype).tiny)
            share = share if head.weight == 1 else head.weight * share
            loss = share if loss is None else loss + share
        assert loss is not None, "a task has heads"
        return loss
