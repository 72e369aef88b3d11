"""HiResCAM: the maps of a layer times the gradient of the score at each place."""

from __future__ import annotations

from torch import Tensor

__all__ = ["hirescam"]


def hirescam(activations: Tensor, gradients: Tensor) -> Tensor:
    """What each place adds to the score, (N, rows, columns); below 0 it speaks against it.

    With the mean over places and a linear head it is Grad-CAM. It also shows what a head takes from the standard
    deviation over places, whose gradient has a mean of 0, so that Grad-CAM does not see it; for both it sums to the
    score but for the head's bias, as they scale with the maps.

    Args:
        activations: Output of a layer, (N, C, rows, columns).
        gradients: Of the score in it, the same shape.

    Source:
        Draelos and Carin 2020, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural
        networks".
    """
    return (activations * gradients).sum(dim=1)
