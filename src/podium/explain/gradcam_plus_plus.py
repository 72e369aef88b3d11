"""Grad-CAM++: as Grad-CAM, with places of positive gradient weighed so that every occurrence of a class counts."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["gradcam_plus_plus"]


def gradcam_plus_plus(activations: Tensor, gradients: Tensor) -> Tensor:
    """What each place adds to the score, (N, rows, columns); below 0 it speaks against it.

    Args:
        activations: Output of a layer, (N, C, rows, columns).
        gradients: Of the score in it, the same shape. Its powers stand for higher derivatives, as in the paper, which
            takes the exponential of the score.

    Source:
        Chattopadhay et al. 2018, "Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks",
        equations 10 and 19.
    """
    squares = gradients.square()
    below = 2 * squares + activations.sum(dim=(2, 3), keepdim=True) * squares * gradients
    alphas = torch.where(gradients != 0, squares / torch.where(below != 0, below, 1.0), 0.0)
    weights = (alphas * gradients.relu()).sum(dim=(2, 3), keepdim=True)  # (N, C, 1, 1)
    return (weights * activations).sum(dim=1)
