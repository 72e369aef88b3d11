"""LoRA: a linear layer's weights stay, and a product of two thin matrices beside them learns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from podium.errors import UsageError
from podium.models.freeze import freeze

__all__ = ["LoraLinear", "add_lora", "merge_lora", "remove_lora"]

_Old = TypeVar("_Old", bound=nn.Module)


class LoraLinear(nn.Module):
    """A linear layer with frozen weights W, and a low-rank update beside it: W x + b + alpha / rank B A x.

    A begins as torch's linear layers do and B as zeros, so at first the layer gives what `base` gives. A network that
    reads `weight` instead of calling the layer (relative position biases of BEiT, EVA and Swin v2) gets the sum.

    Args:
        base: The layer, whose own parameters are frozen.
        rank: Rows of A, columns of B.
        alpha: Scale of the update times the rank.
        dropout: Dropout of the update's input, in [0, 1).

    Attributes:
        down: A, shape (rank, n_in).
        up: B, shape (n_out, rank).

    Source:
        Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models"; a fused qkv layer is one layer here.
    """

    def __init__(self, base: nn.Linear, rank: int, *, alpha: float = 16.0, dropout: float = 0.0) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.scale = alpha / rank
        self.dropout = nn.Dropout(dropout)
        self.down = nn.Parameter(base.weight.new_empty(rank, base.in_features))
        self.up = nn.Parameter(base.weight.new_zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    @property
    def in_features(self) -> int:
        """Numbers that the layer takes."""
        return self.base.in_features

    @property
    def out_features(self) -> int:
        """Numbers that the layer gives."""
        return self.base.out_features

    @property
    def weight(self) -> Tensor:
        """The sum of both weights, shape (n_out, n_in), differentiable.

        Raises:
            UsageError: With dropout, which would be left out.
        """
        if self.dropout.p > 0:
            raise UsageError(
                "this network reads the weights of its linear layers, so LoRA has no input to drop.",
                fix="Use model.lora_dropout=0.",
            )
        return self.base.weight + self.scale * (self.up @ self.down)

    @property
    def bias(self) -> Tensor | None:
        """The layer's bias, shape (n_out,)."""
        return self.base.bias

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (..., n_out) of inputs (..., n_in)."""
        inner = functional.linear(self.dropout(x), self.down)
        whole: Tensor = self.base(x) + self.scale * functional.linear(inner, self.up)
        return whole

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """`base`, with the update added to its weights, rounded once from float64."""
        weight = self.base.weight.double() + self.scale * (self.up.double() @ self.down.double())
        self.base.weight.copy_(weight)
        return self.base


def add_lora(
    backbone: nn.Module, rank: int, *, alpha: float = 16.0, dropout: float = 0.0, trains_norms: bool = False
) -> None:
    """Freeze a backbone, and let low-rank updates of all its linear layers train.

    Batch norm rests, unless norms train; dropout and stochastic depth of the backbone stay as they are.

    Args:
        backbone: Changed in place: `LoraLinear` takes the place of each `nn.Linear`.
        rank: Rank of the updates, at least 1.
        alpha: Scale of the updates times the rank.
        dropout: Dropout of each update's input, in [0, 1).
        trains_norms: Whether scales and shifts of norms train too.

    Raises:
        UsageError: If there is no linear layer.
    """
    if not any(isinstance(module, nn.Linear) for module in backbone.modules()):
        raise UsageError(
            "this network has no linear layers in its backbone, which LoRA adapts.",
            fix="Use a vision transformer, or model.freeze=none, blocks or backbone.",
        )
    backbone.requires_grad_(False)
    for module in list(backbone.modules()):
        if trains_norms and "norm" in type(module).__name__.lower():
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad_(True)
        elif isinstance(module, _BatchNorm):
            freeze(module)
    _exchange(backbone, nn.Linear, lambda layer: LoraLinear(layer, rank, alpha=alpha, dropout=dropout))


def merge_lora(model: nn.Module) -> None:
    """Put the linear layers back in place, with what they have learnt; a model without LoRA stays as it is.

    Its state dict is then that of the network as it was built, so whatever loads that network loads this one.
    """
    _exchange(model, LoraLinear, LoraLinear.merged)


def remove_lora(model: nn.Module) -> None:
    """Put the linear layers back in place, as they were before `add_lora`; what is frozen stays frozen."""
    _exchange(model, LoraLinear, lambda layer: layer.base)


def _exchange(model: nn.Module, kind: type[_Old], make: Callable[[_Old], nn.Module]) -> None:
    """Put `make(layer)` in place of every layer of a kind; one that stands in several places stays one."""
    made: dict[nn.Module, nn.Module] = {}
    for parent, name, layer in list(_find(model, kind)):
        if layer not in made:
            made[layer] = make(layer).train(layer.training)
        setattr(parent, name, made[layer])


def _find(model: nn.Module, kind: type[_Old]) -> Iterator[tuple[nn.Module, str, _Old]]:
    for parent in model.modules():
        for name, child in parent._modules.items():
            if isinstance(child, kind):
                yield parent, name, child
