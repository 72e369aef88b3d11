"""Scores of classes as cosines of angles between an image's features and the centres of the classes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["CosineLayer"]


class CosineLayer(nn.Module):
    """Features (N, D) to logits (N, C): `scale` times the cosine to the nearest of a class's centres.

    Nothing depends on the length of features or centres. It is the layer of ArcFace without its margin, which only
    the training's loss adds (`podium.losses.add_angular_margin`): a softmax of these logits gives the probabilities.

    Args:
        n_features: D.
        n_classes: C.
        n_centres: Centres of each class, K; with several, images that look unlike the rest of their class (or are
            labelled wrongly) have centres of their own.
        scale: Largest logit. Small scales keep probabilities from 0 and 1.

    Attributes:
        weight: The centres, those of a class one after the other, shape (C K, D).

    Source:
        Deng et al. 2019, "ArcFace: Additive Angular Margin Loss for Deep Face Recognition"; with several centres
        Deng et al. 2020, "Sub-center ArcFace: Boosting Face Recognition by Large-Scale Noisy Web Faces".

    Example:
        >>> layer = CosineLayer(8, 3, n_centres=2, scale=30.0)
        >>> bool((layer(torch.randn(5, 8)).abs() <= 30).all())
        True
    """

    def __init__(self, n_features: int, n_classes: int, *, n_centres: int = 1, scale: float = 30.0) -> None:
        super().__init__()
        self.n_centres = n_centres
        self.scale = scale
        self.weight = nn.Parameter(torch.empty(n_classes * n_centres, n_features))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Logits (N, C), float32 at least."""
        # A cosine near 1 in bfloat16 is off by 0.004, and its logit by as much times the scale.
        with torch.autocast(features.device.type, enabled=False):
            directions = functional.normalize(_precise(features), dim=1)
            cosines = functional.linear(directions, functional.normalize(_precise(self.weight), dim=1))  # (N, C K)
            return self.scale * cosines.view(len(features), -1, self.n_centres).amax(dim=2)


def _precise(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
