"""Exponential moving average of the weights: a second, smoother model for the price of one copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from podium.errors import WeightsError
from podium.listing import count_of

__all__ = ["Ema", "ema_decay"]


def ema_decay(n_updates: int, decay: float) -> float:
    """The decay of the update that follows `n_updates` updates: small at first, so that the start is soon forgotten.

    Example:
        >>> [round(ema_decay(n, 0.99), 3) for n in (0, 10, 10_000)]
        [0.1, 0.55, 0.99]

    Source:
        The warm-up of TensorFlow's `ExponentialMovingAverage`.
    """
    return min(decay, (1 + n_updates) / (10 + n_updates))


class Ema:
    """The moving average of a model's parameters.

    Buffers are not averaged: batch-norm statistics are moving averages already, and those of the live model are used.
    Build it after the model is on its device. Parameters of lower precision are averaged in float32.

    Args:
        model: The model whose parameters are averaged.
        decay: Share of the old average that an update keeps, in [0, 1), once warmed up.
    """

    def __init__(self, model: nn.Module, *, decay: float = 0.9998) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be in [0, 1), got {decay}")
        self.decay = decay
        self.n_updates = 0
        self.average = {name: _as_precise(parameter.detach()).clone() for name, parameter in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Move the average towards the model; call it after every optimizer step."""
        share = 1 - ema_decay(self.n_updates, self.decay)
        averages = [self.average[name] for name, _ in model.named_parameters()]
        parameters = [_as_precise(parameter.detach()) for parameter in model.parameters()]
        # One kernel for all tensors on a GPU, where a loop would take longer than the optimizer step.
        torch._foreach_lerp_(averages, parameters, share)
        self.n_updates += 1

    @contextmanager
    def swapped_into(self, model: nn.Module) -> Iterator[nn.Module]:
        """Within the block the model has the averaged weights; after it, also after an error, its own again.

        Save or evaluate inside the block; a training step in it would be undone.
        """
        own = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
        _copy_into(model, self.average)
        try:
            yield model
        finally:
            _copy_into(model, own)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs: "n_updates" and "average", tensors by parameter name."""
        return {"n_updates": self.n_updates, "average": dict(self.average)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave.

        Raises:
            WeightsError: If it is of a model with other parameters; nothing has changed then.
        """
        average: Mapping[str, Tensor] = state["average"]
        mine = {name: tuple(tensor.shape) for name, tensor in self.average.items()}
        theirs = {name: tuple(tensor.shape) for name, tensor in average.items()}
        if mine != theirs:
            differing = sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name))
            raise WeightsError(
                f"the moving average belongs to another model:"
                f" {count_of(len(differing), 'parameter differs', 'parameters differ')}.",
                details=differing[:10],
            )
        for name, tensor in self.average.items():
            tensor.copy_(average[name])
        self.n_updates = int(state["n_updates"])


def _as_precise(tensor: Tensor) -> Tensor:
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


@torch.no_grad()
def _copy_into(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    for name, parameter in model.named_parameters():
        parameter.copy_(weights[name])
