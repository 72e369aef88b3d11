"""Another pooling over the places of the last map, in any convolutional network of timm."""

from __future__ import annotations

from typing import Literal

from timm.layers import SelectAdaptivePool2d
from torch import nn

from podium.errors import UsageError
from podium.models.gem import Gem

__all__ = ["Pooling", "set_pooling"]

Pooling = Literal["own", "avg", "max", "avgmax", "gem"]
"""What takes the place of a network's pooling: nothing, the mean, the maximum, the mean of both, or `Gem`."""


def set_pooling(network: nn.Module, pooling: Pooling, name: str) -> None:
    """Put another pooling in the place of a network's own.

    Args:
        network: A backbone with its weights; changed in place.
        pooling: What takes its place.
        name: The network's name, for the error.

    Raises:
        UsageError: If the network does not pool the places of one map, as vision transformers do not.
    """
    if pooling == "own":
        return
    found = [path for path, layer in network.named_modules() if isinstance(layer, SelectAdaptivePool2d)]
    if len(found) != 1:
        raise UsageError(
            f"{name!r} has no pooling over the places of a map to exchange, and model.pooling is {pooling}.",
            fix="Leave model.pooling out, or use a convolutional network.",
        )
    own = network.get_submodule(found[0])
    assert isinstance(own, SelectAdaptivePool2d)
    network.set_submodule(found[0], _make_pooling(own, pooling))


def _make_pooling(own: SelectAdaptivePool2d, pooling: Pooling) -> nn.Module:
    places: tuple[int, int] = (1, 2) if getattr(own.pool, "dim", None) == (1, 2) else (2, 3)
    flatten = isinstance(own.flatten, nn.Flatten) or bool(getattr(own.pool, "flatten", False))
    if pooling == "gem":
        return Gem(places, keepdim=not flatten)
    input_fmt = "NHWC" if places == (1, 2) else "NCHW"
    pool: nn.Module = SelectAdaptivePool2d(pool_type=f"fast{pooling}", flatten=flatten, input_fmt=input_fmt)
    return pool
