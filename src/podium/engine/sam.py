"""Sharpness-aware minimisation: the gradient is taken where the loss is highest nearby, and applied from here."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["Sam"]


@dataclass(frozen=True)
class Sam:
    """How far, and along what, the weights are moved before the gradient is taken.

    With g the gradient of the batch, the weights move by e = rho g / |g|; adaptive, by e = rho T^2 g / |T g| with
    T = |w|, which does not change when a layer is scaled and the next one is scaled back.

    Args:
        rho: Length of the move, greater than 0.
        adaptive: Whether the move follows the size of each weight.

    Source:
        Foret et al. 2021, "Sharpness-Aware Minimization for Efficiently Improving Generalization"; adaptive: Kwon et
        al. 2021, "ASAM", with eta = 0.
    """

    rho: float
    adaptive: bool = False

    @contextmanager
    def climbed(self, model: nn.Module) -> Iterator[None]:
        """Within the block the weights are moved uphill along their gradients; after it, also after an error, they are
        back to the bit. What the block does to buffers is undone too: batch norm counts a batch once.

        Gradients that are not finite move nothing: a gradient scaler finds them again, and leaves the step out.
        """
        moved = [parameter for parameter in model.parameters() if parameter.grad is not None]
        own = [parameter.detach().clone() for parameter in moved]
        buffers = [buffer.detach().clone() for buffer in model.buffers()]
        with torch.no_grad():
            for parameter, move in zip(moved, self._moves(moved), strict=True):
                parameter.add_(move)
        try:
            yield
        finally:
            with torch.no_grad():
                for kept, tensor in zip((*own, *buffers), (*moved, *model.buffers()), strict=True):
                    tensor.copy_(kept)

    def _moves(self, parameters: list[nn.Parameter]) -> list[Tensor]:
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        sizes = [parameter.detach().abs() for parameter in parameters] if self.adaptive else None
        if sizes is not None:
            gradients = [size * gradient for size, gradient in zip(sizes, gradients, strict=True)]
        length = math.hypot(*(float(torch.linalg.vector_norm(gradient)) for gradient in gradients))
        factor = self.rho / length if length > 0 and math.isfinite(length) else 0.0
        if sizes is not None:
            gradients = [size * gradient for size, gradient in zip(sizes, gradients, strict=True)]
        return [gradient.nan_to_num() * factor if factor == 0 else gradient * factor for gradient in gradients]
