"""The margin of ArcFace: in training, the angle to an image's own class counts as larger than it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from podium.losses.targets import make_class_target

__all__ = ["add_angular_margin", "margins_by_size"]

LEAST_SQUARED_SINE = 1e-12
"""The gradient of the sine is infinite where an image lies on its centre."""


def add_angular_margin(logits: Tensor, target: Tensor, margins: Tensor, *, scale: float) -> Tensor:
    """Logits (N, C) in which the angle to a class is larger by the class's margin times its share of the target.

    A class with the whole target gets `scale * cos(angle + margin)`, one without a share keeps its logit. Mixed images
    and soft labels have the margin of each of their classes in proportion. An angle that would exceed pi goes on
    falling, as in the authors' code: its cosine is lowered by margin * sin(margin).

    Args:
        logits: `scale` times cosines, shape (N, C), from `podium.models.CosineLayer`.
        target: Class numbers (N,), -1 where missing, or shares (N, C).
        margins: Margin of each class in radians, in [0, pi / 2), shape (C,).
        scale: Of the logits.

    Source:
        Deng et al. 2019, "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", equation 3.

    Example:
        >>> logits = 10 * torch.tensor([[0.8, 0.6]])
        >>> add_angular_margin(logits, torch.tensor([0]), torch.tensor([0.5, 0.5]), scale=10)
        tensor([[4.1441, 6.0000]])
    """
    shares, _ = make_class_target(logits, target)
    margin = shares * margins.to(shares.dtype)  # (N, C)
    cosine = (logits.to(shares.dtype) / scale).clamp(-1, 1)
    sine = (1 - cosine.square()).clamp_min(LEAST_SQUARED_SINE).sqrt()
    turned = cosine * margin.cos() - sine * margin.sin()
    beyond_pi = cosine < -margin.cos()
    turned = torch.where(beyond_pi, cosine - margin * margin.sin(), turned)
    return torch.where(margin > 0, scale * turned, logits)


def margins_by_size(counts: NDArray[np.integer[Any]], *, least: float, largest: float) -> NDArray[np.float64]:
    """A margin for each class, shape (C,): `largest` for the rarest, `least` for the most frequent.

    Between them it falls with the fourth root of the number of images. Classes of one size all have the largest.

    Args:
        counts: Training images of each class, shape (C,); none counts as one.
        least: Margin of the most frequent class.
        largest: Margin of the rarest class.

    Source:
        Ha et al. 2020, "Google Landmark Recognition 2020 Competition Third Place Solution", section 2.2.

    Example:
        >>> margins_by_size(np.array([1, 16, 256]), least=0.05, largest=0.5).round(3).tolist()
        [0.5, 0.2, 0.05]
    """
    rarity = np.maximum(counts, 1).astype(np.float64) ** -0.25
    low, high = rarity.min(), rarity.max()
    if low == high:
        return np.full(len(rarity), largest)
    return np.asarray(least + (largest - least) * (rarity - low) / (high - low), dtype=np.float64)
