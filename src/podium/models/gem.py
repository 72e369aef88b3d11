"""Generalised mean over all places of a map, between the mean and the maximum, with a power that is learnt."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Gem"]

LEAST_VALUE = 1e-6
"""Values below it, negative ones too, count as this, as in the authors' code: a root needs positive numbers."""


class Gem(nn.Module):
    """Maps to (mean over all places of x ** p) ** (1 / p), with one p for all channels.

    p = 1 is the mean, a large p the maximum. p starts at 3 and is learnt without weight decay.

    Args:
        places: Axes of the places.
        keepdim: Whether these axes stay, with a length of 1.

    Source:
        Radenović, Tolias and Chum 2018, "Fine-tuning CNN Image Retrieval with No Human Annotation", equation 3.

    Example:
        >>> Gem()(torch.tensor([[[[1.0, 3.0]]]])).detach().round(decimals=4)
        tensor([[2.4101]])
    """

    def __init__(self, places: tuple[int, int] = (2, 3), *, keepdim: bool = False) -> None:
        super().__init__()
        self.places = places
        self.keepdim = keepdim
        self.p = nn.Parameter(torch.full((1,), 3.0))

    def forward(self, maps: Tensor) -> Tensor:
        """Pooled maps, in the precision of the maps: (N, C) from (N, C, H, W) by default."""
        # A cube leaves the range of float16 at 40, so powers are taken in float32 at least.
        precise = maps.to(torch.promote_types(maps.dtype, torch.float32)).clamp_min(LEAST_VALUE)
        mean = precise.pow(self.p).mean(dim=self.places, keepdim=self.keepdim)
        return mean.pow(1 / self.p).to(maps.dtype)
