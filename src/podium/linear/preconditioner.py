"""The features' covariance as a few large axes and a rest: an inverse that costs next to nothing."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Preconditioner", "make_preconditioner"]

N_AXES = 128
N_ITERATIONS = 3


@dataclass(frozen=True, eq=False)
class Preconditioner:
    """Second moments of the features, were all directions but some alike.

    Args:
        axes: Orthonormal, shape (r, q).
        values: Second moment along each, shape (q,).
        rest: That of every other direction, a scalar.
    """

    axes: Tensor
    values: Tensor
    rest: Tensor

    def divide(self, gradient: Tensor, curve: Tensor, penalty: Tensor) -> Tensor:
        """(curve S + penalty)^-1 times the gradient of the weights; over the curve alone for the intercepts.

        Args:
            gradient: Shape (r + 1, J, C), the intercepts' last.
            curve: Shape (J, C).
            penalty: Shape (J,).
        """
        flat = gradient[:-1].flatten(1)
        along = (flat.T @ self.axes).T.reshape(-1, *curve.shape)
        rest = 1 / (curve * self.rest + penalty[:, None])
        extra = 1 / (curve * self.values[:, None, None] + penalty[:, None]) - rest
        weights = gradient[:-1] * rest + (self.axes @ (along * extra).flatten(1)).view(-1, *curve.shape)
        return torch.cat([weights, (gradient[-1] / curve)[None]])


def make_preconditioner(second: Tensor) -> Preconditioner:
    """Find the largest axes by subspace iteration.

    Args:
        second: Mean products of the features, shape (r, r).

    Source:
        Halko, Martinsson and Tropp 2011, "Finding Structure with Randomness", algorithm 4.4.
    """
    matrix = second.float()
    n_axes = min(N_AXES, len(matrix))
    draw = torch.Generator().manual_seed(0)
    axes = torch.randn((len(matrix), n_axes), generator=draw).to(matrix.device)
    for _ in range(N_ITERATIONS):
        axes = torch.linalg.qr(matrix @ axes).Q
    values = ((matrix @ axes) * axes).sum(dim=0).clamp_min(0)
    rest = (matrix.trace() - values.sum()).clamp_min(0) / max(1, len(matrix) - n_axes)
    return Preconditioner(axes, values, rest)
