"""Attention rollout: how much of each place reaches the answer of a vision transformer, by its attentions alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from podium.errors import UsageError
from podium.explain.layer import Layer
from podium.models import Classifier
from podium.models.depths import DepthReader

__all__ = ["attention_rollout", "roll_out"]


def attention_rollout(model: Classifier, images: Tensor, layer: Layer) -> Tensor:
    """The share of each place in what the class token, or the mean token, has gathered, (N, rows, columns).

    It is the same for all heads and classes.

    Args:
        model: In evaluation mode.
        images: Raw images, (N, H, W, 3) uint8.
        layer: From `find_layer`; its grid is the map's.

    Raises:
        UsageError: If the network is no vision transformer whose every attention sees all places.

    Source:
        Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers".
    """
    with torch.inference_mode(), _attentions(model.backbone) as found:
        model(images)
    n_tokens = layer.n_prefix + layer.grid[0] * layer.grid[1]
    if layer.places != (1,) or not found or any(one.shape[2:] != (n_tokens, n_tokens) for one in found):
        raise UsageError(
            "rollout needs a vision transformer whose every attention sees the whole image.",
            field="method",
            fix="Use method gradcam, gradcam++ or hirescam.",
        )
    shares = roll_out(found)  # (N, L, L)
    places = shares[:, :, layer.n_prefix :]
    whose = places[:, 0] if _answers_by_class_token(model.backbone, layer) else places[:, layer.n_prefix :].mean(dim=1)
    return whose.reshape(len(whose), *layer.grid)


def roll_out(attentions: Sequence[Tensor]) -> Tensor:
    """The product of all layers, each half attention and half what passes by, (N, L, L).

    Args:
        attentions: Of every layer, from the image upwards, (N, heads, L, L), rows summing to 1.
    """
    total = torch.eye(attentions[0].shape[-1], device=attentions[0].device)
    for attention in attentions:
        mean = attention.float().mean(dim=1)
        mixed = mean + torch.eye(mean.shape[-1], device=mean.device)
        total = mixed / mixed.sum(dim=-1, keepdim=True) @ total
    return total


def _answers_by_class_token(backbone: nn.Module, layer: Layer) -> bool:
    network: Any = backbone.network if isinstance(backbone, DepthReader) else backbone
    return layer.n_prefix > 0 and getattr(network, "global_pool", "token") in ("token", "")


@contextmanager
def _attentions(backbone: nn.Module) -> Iterator[list[Tensor]]:
    """The attention matrices of a pass, layer by layer; fused kernels, which never form them, are off meanwhile."""
    found: list[Tensor] = []
    layers: list[Any] = [
        module for module in backbone.modules() if hasattr(module, "fused_attn") and hasattr(module, "attn_drop")
    ]
    handles = [
        layer.attn_drop.register_forward_hook(lambda _module, _inputs, output: found.append(output))
        for layer in layers
        if isinstance(layer.attn_drop, nn.Module)
    ]
    fused = [layer.fused_attn for layer in layers]
    try:
        for layer in layers:
            layer.fused_attn = False
        yield found
    finally:
        for layer, was in zip(layers, fused, strict=True):
            layer.fused_attn = was
        for handle in handles:
            handle.remove()
