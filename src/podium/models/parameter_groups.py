"""Parameters by learning rate and weight decay, for any optimizer."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

from torch import nn

from podium.models.classifier import Classifier
from podium.models.layer_order import find_layers

__all__ = ["parameter_groups"]


def parameter_groups(
    model: Classifier,
    lr: float,
    weight_decay: float,
    *,
    head_lr_factor: float = 1.0,
    layer_decay: float = 1.0,
) -> list[dict[str, Any]]:
    """Groups for a torch optimizer. Frozen parameters are in none: rebuild the groups after unfreezing.

    Biases, norms, other vectors, and what the backbone itself lists (position embeddings, for instance) have no weight
    decay.

    Args:
        model: The model.
        lr: Learning rate of the backbone's last layer.
        weight_decay: Weight decay of matrices and kernels.
        head_lr_factor: Learning rate of the heads over `lr`.
        layer_decay: Learning rate of each layer of the backbone over that of the layer above it, in (0, 1]. The heads
            count as the top layer, so with 0.75 the backbone's last block has 0.75 times `lr`.

    Returns:
        Groups with "name", "params", "lr", "initial_lr" (the same, for schedules to multiply) and "weight_decay",
        from the image up.

    Raises:
        ValueError: If nothing is left to train.

    Source:
        Equal to `timm.optim.param_groups_layer_decay`. Bao et al. 2021, "BEiT".
    """
    layers, head_layer = find_layers(model.backbone, is_coarse=False)
    exempt = _names_without_decay(model.backbone)
    groups: dict[tuple[int, bool], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        part, _, inner = name.partition(".")
        in_backbone = part == "backbone"
        layer = layers[inner] if in_backbone else head_layer + 1
        if in_backbone and layer_decay == 1:
            layer = head_layer
        decays = parameter.ndim > 1 and not name.endswith(".bias") and not any(fnmatch(inner, item) for item in exempt)
        if (layer, decays) not in groups:
            scaled = lr * (layer_decay ** (head_layer - layer) if in_backbone else head_lr_factor)
            title = _group_title(in_backbone, layer, layer_decay)
            groups[layer, decays] = {
                "name": title if decays else f"{title}.no_decay",
                "params": [],
                "lr": scaled,
                "initial_lr": scaled,
                "weight_decay": weight_decay if decays else 0.0,
            }
        groups[layer, decays]["params"].append(parameter)
    if not groups:
        raise ValueError("every parameter is frozen, so there is nothing to train")
    return [groups[key] for key in sorted(groups)]


def _names_without_decay(backbone: nn.Module) -> tuple[str, ...]:
    listed = getattr(backbone, "no_weight_decay", None)
    return tuple(listed()) if callable(listed) else ()


def _group_title(in_backbone: bool, layer: int, layer_decay: float) -> str:
    if not in_backbone:
        return "heads"
    return "backbone" if layer_decay == 1 else f"backbone.{layer}"
