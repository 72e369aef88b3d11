"""Output of a layer, and the gradient of a score in it, by hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from podium.explain.layer import Layer
from podium.models import Classifier

__all__ = ["Score", "capture", "score_of"]

Score = Callable[[Mapping[str, Tensor]], Tensor]
"""Logits by head name to a number an image, (N,)."""


def score_of(head: str, classes: Tensor) -> Score:
    """The logits of a head for one class an image; `classes` has shape (N,)."""
    return lambda logits: logits[head].gather(1, classes[:, None])[:, 0]


def capture(model: Classifier, images: Tensor, layer: Layer, score: Score) -> tuple[Tensor, Tensor]:
    """What a layer gives for images, and the gradient of each image's score in it, both (N, C, rows, columns).

    Whatever comes after the layer is differentiated: the last blocks, the pooling, standardised features, means and
    standard deviations over places. What heads read of earlier layers is constant here.

    Args:
        model: In evaluation mode, so that no image depends on another.
        images: Raw images, (N, H, W, 3) uint8.
        layer: From `find_layer`.
        score: What is explained.
    """
    kept: list[Tensor] = []

    def stand_in(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        kept.append(output.detach().requires_grad_())
        return kept[-1].clone()  # the next layer may write into what it is given

    # First of all hooks: one that reads this output for the heads must read what is differentiated.
    handle = model.backbone.get_submodule(layer.module).register_forward_hook(stand_in, prepend=True)
    try:
        with torch.enable_grad():
            total = score(model(images)).sum()
            (gradient,) = torch.autograd.grad(total, kept[-1:])
    finally:
        handle.remove()
    return layer.as_grid(kept[-1].detach()), layer.as_grid(gradient)
