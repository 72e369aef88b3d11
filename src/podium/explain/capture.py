"""Outputs of layers, and the gradient of a score in them, by hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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


def capture(model: Classifier, images: Tensor, layers: Sequence[Layer], score: Score) -> list[tuple[Tensor, Tensor]]:
    """What each layer gives for images, and the gradient of each image's score in it, both (N, C, rows, columns).

    Whatever comes after a layer is differentiated: the last blocks, the pooling, standardised features, means and
    standard deviations over places. Of several layers each has the gradient that reaches the score by no later one, so
    that nothing counts twice.

    Args:
        model: In evaluation mode, so that no image depends on another.
        images: Raw images, (N, H, W, 3) uint8.
        layers: From `find_layers`.
        score: What is explained.
    """
    kept: dict[int, Tensor] = {}
    handles = []
    for place, layer in enumerate(layers):

        def stand_in(_module: nn.Module, _inputs: object, output: Tensor, place: int = place) -> Tensor:
            kept[place] = output.detach().requires_grad_()
            return kept[place].clone()  # the next layer may write into what it is given

        # First of all hooks: one that reads this output for the heads must read what is differentiated.
        module = model.backbone.get_submodule(layer.module)
        handles.append(module.register_forward_hook(stand_in, prepend=True))
    try:
        with torch.enable_grad():
            total = score(model(images)).sum()
            gradients = torch.autograd.grad(total, list(kept.values()))
    finally:
        for handle in handles:
            handle.remove()
    named = dict(zip(kept, gradients, strict=True))
    return [(layer.as_grid(kept[place].detach()), layer.as_grid(named[place])) for place, layer in enumerate(layers)]
