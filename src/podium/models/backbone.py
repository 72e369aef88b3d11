"""What every backbone is: a module from normalised images to pooled features, and how its images must be prepared."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

__all__ = ["Backbone"]


@dataclass(frozen=True)
class Backbone:
    """A network without its classifier, with everything that belongs to its weights.

    Args:
        name: Name it was built by, such as "tf_efficientnet_lite0".
        module: Maps normalised images (N, 3, H, W) to pooled features (N, D).
        n_features: D.
        mean: Mean of each RGB channel on the scale [0, 1], subtracted before the module.
        std: Standard deviation of each RGB channel on the scale [0, 1].
        weight_source: Where the weights came from, for the run's record.
        notes: What was left out of a user's weight file, one sentence each.
    """

    name: str
    module: nn.Module
    n_features: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weight_source: str
    notes: tuple[str, ...] = ()
