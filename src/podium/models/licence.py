"""The licence that start weights come with, as far as whoever published them says."""

from __future__ import annotations

import timm

from podium.machine.weight_packages import PACKAGED

__all__ = ["find_licence"]


def find_licence(name: str, weights: str) -> str | None:
    """The licence of a model's start weights; None where nobody says, or there are none.

    Args:
        name: A timm name.
        weights: "packaged", "pretrained", "random" or a file, as in the recipe.
    """
    if weights == "packaged":
        return PACKAGED[name].licence
    if weights == "pretrained":
        config = timm.get_pretrained_cfg(name)
        return getattr(config, "license", None) or None
    return None
