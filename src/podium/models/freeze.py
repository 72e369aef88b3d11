"""Freezing parts of a network: no gradients, and batch norm and dropout at rest, also after `model.train()`."""

from __future__ import annotations

from collections.abc import Iterator
from types import MethodType

from torch import nn

from podium.errors import UsageError
from podium.listing import count_of
from podium.models.classifier import Classifier
from podium.models.layer_order import count_layers, find_layers

__all__ = ["freeze", "freeze_backbone", "freeze_blocks", "unfreeze"]


def freeze(module: nn.Module) -> None:
    """Take a module and everything in it out of training, until `unfreeze`.

    Its parameters get no gradient. It stays in eval mode whatever `train()` is called on its parents: a frozen batch
    norm that went on collecting statistics would drift from its frozen weights.
    """
    module.requires_grad_(False)
    _rest(module)


def freeze_backbone(model: Classifier) -> None:
    """Freeze everything but the heads."""
    freeze(model.backbone)


def freeze_blocks(model: Classifier, n_blocks: int) -> None:
    """Freeze the first stages of the backbone, counted from the image.

    Args:
        model: Changed in place.
        n_blocks: How many stages, as timm counts them: the stem is the first. 0 freezes nothing.

    Raises:
        UsageError: If the backbone has fewer.
    """
    n_layers = count_layers(model.backbone, is_coarse=True)
    if not 0 <= n_blocks <= n_layers:
        raise UsageError(f"cannot freeze {count_of(n_blocks, 'block')}: this backbone has {n_layers}.")
    layers, _ = find_layers(model.backbone, is_coarse=True)
    for name, parameter in model.backbone.named_parameters():
        if layers[name] < n_blocks:
            parameter.requires_grad_(False)
    for module in _find_frozen(model.backbone):
        _rest(module)


def unfreeze(module: nn.Module) -> None:
    """Let a module and everything in it train again. Call `train()` on the model afterwards, and rebuild its groups."""
    module.requires_grad_(True)
    for part in module.modules():
        part.__dict__.pop("train", None)


def _find_frozen(module: nn.Module) -> Iterator[nn.Module]:
    """The topmost modules that have parameters, all of them frozen."""
    parameters = list(module.parameters())
    if parameters and not any(parameter.requires_grad for parameter in parameters):
        yield module
        return
    for child in module.children():
        yield from _find_frozen(child)


def _rest(module: nn.Module) -> None:
    # A method on the instance, not a wrapper: names in the state dict, copies and exports stay as they are.
    module.__dict__["train"] = MethodType(_train_at_rest, module)
    module.eval()


def _train_at_rest(module: nn.Module, mode: bool = True) -> nn.Module:
    return nn.Module.train(module, False)
