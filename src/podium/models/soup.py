"""Uniform soup: the mean of the weights at the end of the last epochs, as one model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from podium.errors import WeightsError

__all__ = ["Soup"]


class Soup:
    """The running mean of a model's parameters over some epochs' ends.

    Which epochs is settled beforehand and no score is asked, so what it scores out of fold is honest. Buffers are not
    averaged: batch-norm statistics of a mean of weights have to be measured anew (`podium.engine.measure_norms`).

    Args:
        n_epochs: How many of the last epochs go into it.

    Attributes:
        n_taken: Epochs that are in it.

    Source:
        Wortsman et al. 2022, "Model soups"; over epochs of one training, Izmailov et al. 2018, "Averaging Weights
        Leads to Wider Optima and Better Generalization".
    """

    def __init__(self, n_epochs: int) -> None:
        if n_epochs < 1:
            raise ValueError(f"n_epochs must be at least 1, got {n_epochs}")
        self.n_epochs = n_epochs
        self.n_taken = 0
        self._mean: dict[str, Tensor] = {}

    def wants(self, n_done: int, *, n_epochs: int) -> bool:
        """Whether the end of the epoch after which `n_done` of `n_epochs` are done goes into it.

        Example:
            >>> [Soup(2).wants(n_done, n_epochs=4) for n_done in (1, 2, 3, 4)]
            [False, False, True, True]
        """
        return n_done > n_epochs - self.n_epochs

    @torch.no_grad()
    def take(self, model: nn.Module) -> None:
        """Take in the parameters of an epoch's end; in float32 at least."""
        self.n_taken += 1
        for name, parameter in model.named_parameters():
            value = parameter.detach().to(torch.promote_types(parameter.dtype, torch.float32))
            if self.n_taken == 1:
                self._mean[name] = value.clone()
            else:  # a parameter that rests stays to the bit what it is
                self._mean[name] += (value - self._mean[name]) / self.n_taken

    @torch.no_grad()
    def pour_into(self, model: nn.Module) -> None:
        """Give a model the mean; without an epoch in it, it keeps its own weights."""
        for name, parameter in model.named_parameters():
            if name in self._mean:
                parameter.copy_(self._mean[name])

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs: "n_taken" and "mean", tensors by parameter name, empty before the first."""
        return {"n_taken": self.n_taken, "mean": dict(self._mean)}

    def load_state_dict(self, state: Mapping[str, Any], model: nn.Module) -> None:
        """Go on from what `state_dict` gave, for this model.

        Raises:
            WeightsError: If it is of a model with other parameters; nothing has changed then.
        """
        mean: Mapping[str, Tensor] = state["mean"]
        own = {name: (parameter.shape, parameter.device) for name, parameter in model.named_parameters()}
        if mean and {name: value.shape for name, value in mean.items()} != {name: it[0] for name, it in own.items()}:
            raise WeightsError("the mean of the last epochs belongs to another model.")
        self.n_taken = int(state["n_taken"])
        self._mean = {name: value.to(own[name][1], copy=True) for name, value in mean.items()}
