"""Grad-CAM: the maps of a layer, weighed by the mean gradient of the score in each."""

from __future__ import annotations

from torch import Tensor

__all__ = ["gradcam"]


def gradcam(activations: Tensor, gradients: Tensor) -> Tensor:
    """What each place adds to the score, (N, rows, columns); below 0 it speaks against it.

    Args:
        activations: Output of a layer, (N, C, rows, columns).
        gradients: Of the score in it, the same shape.

    Source:
        Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization".
    """
    weights = gradients.mean(dim=(2, 3), keepdim=True)  # (N, C, 1, 1)
    return (weights * activations).sum(dim=1)
