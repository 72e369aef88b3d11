"""Batch norm on a single value of each channel: such a layer normalises by its running statistics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["lone_norms_at_rest"]


@contextmanager
def lone_norms_at_rest(model: nn.Module) -> Iterator[None]:
    """Within the block, a batch norm that is given one value of each channel does what it does in evaluation mode.

    One value has no variance, so torch refuses it in training. It comes of one image on maps of one pixel, such as
    those of squeeze and excitation. The layer takes its running statistics instead and leaves them as they are; its
    weights learn. All other layers, and this one on more values, are as without the block.

    Args:
        model: In training mode. Layers without running statistics have nothing to take, and still raise.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
    handles = [norm.register_forward_pre_hook(_rest_alone) for norm in norms if norm.training]
    handles += [norm.register_forward_hook(_train_again, always_call=True) for norm in norms if norm.training]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _rest_alone(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    norm.training = inputs[0].numel() > inputs[0].shape[1]  # one image, (1, C, ...)


def _train_again(norm: nn.Module, _inputs: Any, _output: Any) -> None:
    norm.training = True
