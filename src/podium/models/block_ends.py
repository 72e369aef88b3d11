"""Where each block of a network ends: the module whose output is the block's, and what that output looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from podium.models.layer_order import count_layers, find_layers

__all__ = ["BlockEnd", "find_block_ends", "find_places"]


@dataclass(frozen=True)
class BlockEnd:
    """The end of a block.

    Attributes:
        number: The block's number as `model.frozen_blocks` counts: 1 is the stem.
        module: Name of the module whose output is the block's.
        width: Channels of that output.
        places: Axes of that output that are places of the image; none where it has no places.
        n_prefix: Tokens before those of the places: class token and registers.
    """

    number: int
    module: str
    width: int
    places: tuple[int, ...]
    n_prefix: int = 0


def find_block_ends(network: nn.Module, images: Tensor) -> list[BlockEnd]:
    """The end of every block, from the image upwards; empty where a block gives something else than one tensor.

    The order in which modules finish shows the ends: of the modules all of whose parameters belong to one block, the
    one that finishes last. timm counts what follows the last block (a norm, a convolution before the pooling) as
    part of it: there it is the one that finishes first, and the rest is part of the last features.

    Args:
        network: A backbone in evaluation mode.
        images: Normalised images (N, 3, H, W); it runs once with them.
    """
    layers, _ = find_layers(network, is_coarse=True)
    n_blocks = count_layers(network, is_coarse=True)
    finished = _finish(network, images, _whole_modules(network, layers))
    ends: list[BlockEnd] = []
    n_places = 0
    for layer in range(n_blocks):
        names = [name for name in finished if finished[name][0] == layer]
        if not names:
            return []
        name = names[-1] if layer < n_blocks - 1 else names[0]
        output = finished[name][1]
        if not isinstance(output, Tensor) or not 2 <= output.ndim <= 4:
            return []
        places = find_places(output.shape, images.shape[2:], getattr(network, "output_fmt", None))
        extra = output.shape[1] - n_places if output.ndim == 3 else 0
        is_prefix = n_places and 0 < extra <= int(getattr(network, "num_prefix_tokens", 0) or 0)
        width = output.shape[1 if places == (2, 3) else -1]
        ends.append(BlockEnd(layer + 1, name, width, places, extra if is_prefix else 0))
        if not n_places:
            n_places = int(torch.Size([output.shape[axis] for axis in places]).numel())
    return ends


def _whole_modules(network: nn.Module, layers: dict[str, int]) -> dict[str, int]:
    """The modules whose parameters all belong to one layer, and that layer."""
    owners: dict[str, set[int]] = {}
    for parameter, layer in layers.items():
        name = parameter
        while "." in name:
            name = name.rpartition(".")[0]
            owners.setdefault(name, set()).add(layer)
    return {name: next(iter(found)) for name, found in owners.items() if len(found) == 1}


def _finish(network: nn.Module, images: Tensor, whole: dict[str, int]) -> dict[str, tuple[int, object]]:
    """Layer and output of the topmost of these that run, in the order in which they finish for the last time."""
    finished: dict[str, tuple[int, object]] = {}
    handles = []
    for name, layer in whole.items():

        def note(_module: nn.Module, _inputs: object, output: object, name: str = name, layer: int = layer) -> None:
            finished.pop(name, None)
            finished[name] = (layer, output)

        handles.append(network.get_submodule(name).register_forward_hook(note))
    try:
        with torch.inference_mode():
            network(images)
    finally:
        for handle in handles:
            handle.remove()
    inner = {name for name in finished if any(name.startswith(f"{other}.") for other in finished)}
    return {name: found for name, found in finished.items() if name not in inner}


def find_places(shape: Sequence[int], size: Sequence[int], layout: object) -> tuple[int, ...]:
    """The axes of an output that are places: tokens (N, L, C), maps (N, C, H, W), or (N, H, W, C) as Swin has them.

    A map has the image's ratio of sides, up to one place.
    """
    if len(shape) < 4:
        return (1,) if len(shape) == 3 else ()
    is_map = [abs(shape[axis] * size[1] - shape[axis + 1] * size[0]) <= max(size) for axis in (1, 2)]
    return (1, 2) if str(layout) == "NHWC" or is_map == [True, False] else (2, 3)
