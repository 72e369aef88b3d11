"""Straightens the logits of a linear map so that their probabilities can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Calibration", "fit_platt", "fit_temperature"]

_ROUNDS = 50
_HALVINGS = 30
"""Of an interval of eight decades: the slope is then good to seven digits."""
_STEEPEST = 1e4


@dataclass(frozen=True, eq=False)
class Calibration:
    """Logits times `slope` plus `offset`.

    Args:
        slope: Shape () for a softmax, (C,) for sigmoids.
        offset: As `slope`; 0 for a softmax.
    """

    slope: Tensor
    offset: Tensor

    def apply(self, logits: Tensor) -> Tensor:
        """Calibrated logits, in the shape of what is given, (..., C)."""
        return logits * self.slope + self.offset


def fit_temperature(logits: Tensor, target: Tensor, weights: Tensor) -> Calibration:
    """One slope for all logits, by the least log loss over a softmax; the decision stays as it is.

    Args:
        logits: Out of fold, shape (n, C); -inf rules a class out.
        target: Shares of the classes, shape (n, C), 0 for a class that is ruled out.
        weights: Shape (n,).

    Source:
        Guo et al. 2017, "On Calibration of Modern Neural Networks"; their temperature is 1 / slope.
    """
    shifted = (logits - logits.max(dim=1, keepdim=True).values).double()
    finite = shifted.masked_fill(shifted.isinf(), 0.0)
    own = (finite * target).sum(dim=1)
    low, high = (torch.tensor(value, dtype=torch.float64, device=logits.device).log() for value in (1e-4, _STEEPEST))
    for _ in range(_HALVINGS):  # the loss is convex in the slope: its derivative changes its sign once
        middle = (low + high) / 2
        expected = ((shifted * middle.exp()).softmax(dim=1) * finite).sum(dim=1)
        rises = bool((weights * (expected - own)).sum() > 0)
        low, high = (low, middle) if rises else (middle, high)
    slope = ((low + high) / 2).exp()
    return Calibration(slope, torch.zeros_like(slope))


def fit_platt(logits: Tensor, target: Tensor, is_known: Tensor) -> Calibration:
    """A slope and an offset for every label, by Newton's method on the log loss over a sigmoid.

    The targets are drawn in by Platt's counts, so that a rare label that is told apart perfectly keeps finite numbers.

    Args:
        logits: Out of fold, shape (n, C).
        target: 0 and 1, shape (n, C).
        is_known: Whether the label is known, shape (n, C).

    Source:
        Platt 1999, "Probabilistic Outputs for Support Vector Machines"; Lin, Lin and Weng 2007 on its algorithm.
    """
    x, known = logits.double(), is_known.double()
    positives, negatives = (known * target).sum(dim=0), (known * (1 - target)).sum(dim=0)
    high, low = (positives + 1) / (positives + 2), 1 / (negatives + 2)
    aim = torch.where(target > 0.5, high, low)
    spread = (
        (known * (x - x.mean(dim=0)).square()).sum(dim=0).div(known.sum(dim=0).clamp_min(1)).sqrt().clamp_min(1e-12)
    )
    z = x / spread
    slope, offset = torch.zeros_like(high), ((positives + 1) / (negatives + 1)).log()
    for _ in range(_ROUNDS):
        probs = (z * slope + offset).sigmoid()
        error, curve = known * (probs - aim), known * probs * (1 - probs) + 1e-12
        a, b, c = ((curve * power).sum(dim=0) for power in (z * z, z, torch.ones_like(z)))
        a, c = a + 1e-3, c + 1e-3
        down, aside = (error * z).sum(dim=0), error.sum(dim=0)
        slope = slope - ((c * down - b * aside) / (a * c - b * b)).clamp(-2, 2)
        offset = offset - ((a * aside - b * down) / (a * c - b * b)).clamp(-2, 2)
    return Calibration(slope / spread, offset)
