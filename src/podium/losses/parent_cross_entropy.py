"""Cross entropy of parent classes: a term beside a head's own loss, over sums of its classes' probabilities."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from podium.losses.targets import make_class_target, scale_weights
from podium.losses.weighted_mean import weighted_mean

__all__ = ["parent_cross_entropy", "parent_cross_entropy_per_sample"]


def parent_cross_entropy(logits: Tensor, target: Tensor, weight: Tensor | None = None, *, parents: Tensor) -> Tensor:
    """Mean cross entropy of the parents of a batch, a scalar; arguments as in `parent_cross_entropy_per_sample`.

    Example:
        >>> parent_cross_entropy(torch.zeros(1, 4), torch.tensor([3]), parents=torch.tensor([0, 0, 0, 1]))
        tensor(1.3863)
    """
    return weighted_mean(*parent_cross_entropy_per_sample(logits, target, weight, parents=parents))


def parent_cross_entropy_per_sample(
    logits: Tensor, target: Tensor, weight: Tensor | None = None, *, parents: Tensor
) -> tuple[Tensor, Tensor]:
    """Cross entropy of every sample's parent, and its weight in the mean.

    A parent's probability is the sum of its classes', so a mistake inside the right parent costs nothing here. With
    weight w beside the cross entropy of the classes, the sum is -log p(class | parent) - (1 + w) log p(parent): the
    hierarchical cross entropy of the paper on two levels.

    Args:
        logits: Of the classes, shape (N, C).
        target: Class numbers (N,), -1 where missing, or probabilities (N, C), negative where missing.
        weight: Weight of each sample, shape (N,).
        parents: Number of each class's parent, from 0, shape (C,).

    Returns:
        Values (N,) and weights (N,); missing labels have value 0 and weight 0.

    Raises:
        ValueError: If shapes do not fit.

    Source:
        Bertinetto et al. 2020, "Making Better Mistakes: Leveraging Class Hierarchies with Deep Networks".
    """
    if parents.shape != logits.shape[1:]:
        raise ValueError(f"logits {tuple(logits.shape)} need a parent for every class, got {tuple(parents.shape)}")
    probs, is_known = make_class_target(logits, target)
    is_child = functional.one_hot(parents.to(logits.device)).to(probs.dtype)  # (C, P)
    log_probs = functional.log_softmax(logits.to(probs.dtype), dim=1)
    values = -((probs @ is_child) * _sum_logs(log_probs, parents.to(logits.device), is_child)).sum(dim=1)
    return torch.where(is_known, values, torch.zeros_like(values)), scale_weights(is_known.to(probs.dtype), weight)


def _sum_logs(log_probs: Tensor, parents: Tensor, is_child: Tensor) -> Tensor:
    """Logarithm of the sum of probabilities by parent, (N, P); each is divided by its largest term beforehand.

    A matrix product adds in a fixed order on every device, which scattering does not.
    """
    places = parents.expand_as(log_probs)
    lowest = log_probs.new_full((len(log_probs), is_child.shape[1]), float("-inf"))
    largest = lowest.scatter_reduce(1, places, log_probs.detach(), "amax")  # (N, P)
    return largest + ((log_probs - largest.gather(1, places)).exp() @ is_child).log()
