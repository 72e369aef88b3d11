"""Networks whose branches only training needs, as one convolution each: the same outputs in less time."""

from __future__ import annotations

import copy

import torch
from timm.models import reparameterize_model
from torch import Tensor, nn

from podium.models.classifier import Classifier

__all__ = ["TOLERANCE", "can_fuse", "fuse"]

TOLERANCE = 1e-5
"""Largest difference of a logit, over the largest logit or 1."""
_DOORS = ("fuse", "reparameterize", "switch_to_deploy")


def can_fuse(network: nn.Module) -> bool:
    """Whether layers of a network say how they are fused, as those of RepVGG, MobileOne, FastViT and RepViT do."""
    return any(hasattr(layer, door) for layer in network.modules() for door in _DOORS)


def fuse(model: Classifier, size_px: tuple[int, int]) -> Classifier:
    """A copy with the branches of each layer summed into one kernel and batch norm folded in, in evaluation mode.

    Args:
        model: The model, in evaluation mode; it stays as it is.
        size_px: Height and width of its images.

    Returns:
        The copy; the model itself where nothing can be fused, or the fused one would answer otherwise: fusing rounds
        once, and anything above `TOLERANCE` on noise would be another network.

    Source:
        Ding et al. 2021, "RepVGG: Making VGG-style ConvNets Great Again"; `timm.models.reparameterize_model`.
    """
    if not can_fuse(model.backbone):
        return model
    fused = copy.deepcopy(model)
    fused.backbone = reparameterize_model(fused.backbone, inplace=True)
    fused = fused.to(memory_format=model.memory_format).eval()
    noise = torch.randint(0, 256, (2, *size_px, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    images = noise.to(model.mean.device)
    with torch.inference_mode():
        return fused if _agree(fused(images), model(images)) else model


def _agree(mine: dict[str, Tensor], theirs: dict[str, Tensor]) -> bool:
    return all(
        bool((mine[name] - logits).abs().max() <= TOLERANCE * max(1.0, float(logits.abs().max())))
        for name, logits in theirs.items()
    )
