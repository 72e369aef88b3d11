"""The loss over all heads of a batch, exact under gradient accumulation and missing labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

__all__ = ["HeadObjective", "Objective", "PerSampleLoss"]

PerSampleLoss = Callable[..., tuple[Tensor, Tensor]]
"""(logits (B, C), target, sample weight (B,) or None) -> (loss (B,), weight (B,)).

The weights are the sample's own times what the target says, 0 where it is missing; never a function of the logits."""


@dataclass(frozen=True)
class HeadObjective:
    """One loss of a head and its share in the sum.

    Args:
        per_sample: The loss.
        weight: Its share.
        margin: Logits (B, C) and target to the logits that the loss sees in training; None takes them as they are.
        target: Key of its targets where they are not the head's own, such as a teacher's answers.
    """

    per_sample: PerSampleLoss
    weight: float = 1.0
    margin: Callable[[Tensor, Tensor], Tensor] | None = None
    target: str | None = None


@dataclass(frozen=True)
class Objective:
    """Sum over heads, and over the losses of each, of weight x weighted mean of the per-sample losses.

    Every loss is averaged with its own weights, so that class weights in a mixture act on their own part. The mean is
    over the whole batch: a batch fed in pieces gets the totals first, so that the pieces' gradients add up to the
    gradient of the batch, with a smaller last piece or missing labels too.

    Weights of samples do not enter the totals: a batch of samples that weigh little makes a small step.
    """

    heads: Mapping[str, tuple[HeadObjective, ...]]

    def without_margins(self) -> Objective:
        """The same losses of the logits as they are, which is how a model is judged."""
        return Objective(
            {name: tuple(replace(loss, margin=None) for loss in held) for name, held in self.heads.items()}
        )

    def totals(self, logit_shapes: Mapping[str, int], targets: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Sums of the weights of every head's losses, shape (n_losses,), from the targets of the whole batch.

        Args:
            logit_shapes: Number of classes per head.
            targets: Targets per head, first axis B.
        """
        totals = {}
        with torch.no_grad():
            for name, losses in self.heads.items():
                own = [targets[loss.target or name] for loss in losses]
                blank = torch.zeros(len(own[0]), logit_shapes[name], device=own[0].device)
                sums = [loss.per_sample(blank, target)[1].sum() for loss, target in zip(losses, own, strict=True)]
                totals[name] = torch.stack(sums)
        return totals

    def __call__(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        totals: Mapping[str, Tensor] | None = None,
        sample_weights: Tensor | None = None,
    ) -> Tensor:
        """This piece's share of the batch's loss, a scalar; without totals the piece is the batch.

        Args:
            logits: Per head, shape (B, C).
            targets: Per head, first axis B.
            totals: Of the whole batch.
            sample_weights: Weight of each sample's loss, shape (B,); None weighs all 1.
        """
        if totals is None and sample_weights is not None:
            totals = self.totals({name: values.shape[1] for name, values in logits.items()}, targets)
        total_loss: Tensor | None = None
        for name, losses in self.heads.items():
            head_logits = logits[name].float()
            for place, loss in enumerate(losses):
                weighting = () if sample_weights is None else (sample_weights,)
                target = targets[loss.target or name]
                seen = head_logits if loss.margin is None else loss.margin(head_logits, target)
                values, weights = loss.per_sample(seen, target, *weighting)
                total = weights.sum() if totals is None else totals[name][place]
                share = (values * weights).sum() / total.clamp_min(torch.finfo(values.dtype).tiny)
                share = share if loss.weight == 1 else loss.weight * share
                total_loss = share if total_loss is None else total_loss + share
        assert total_loss is not None, "a task has heads"
        return total_loss
