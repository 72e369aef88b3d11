"""The frozen part of a network as a function of raw images, by the engine and in the arithmetic that a recipe names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from podium.backbone.compiled import Graph, has_openvino
from podium.backbone.features import state_digest
from podium.backbone.split_point import SplitPoint, as_traceable
from podium.engine import autocast, run_in_pieces
from podium.machine import Progress
from podium.machine.allocator import return_freed_memory
from podium.models import Classifier, depth_sections
from podium.recipe import Recipe

__all__ = ["Way", "can_use_openvino", "frozen_batch", "make_forward", "recorded_way"]


FROZEN_BATCH = 16
"""Images a forward pass on a CPU: few enough that the layers' outputs stay in its cache."""
FROZEN_BATCH_GPU = 128
"""Images a forward pass on a GPU: many enough that launching kernels is not what takes the time."""


@dataclass(frozen=True)
class Way:
    """Who computes a frozen forward pass, "torch" or "openvino", and in which precision."""

    engine: str
    precision: str

    def __str__(self) -> str:
        return f"{self.engine} {self.precision}"


def frozen_batch(device: torch.device) -> int:
    """Images a forward pass of a frozen network."""
    return FROZEN_BATCH if device.type == "cpu" else FROZEN_BATCH_GPU


def can_use_openvino(device: torch.device) -> bool:
    """Whether it is installed and the CPU is what computes."""
    return device.type == "cpu" and has_openvino()


def recorded_way(recipe: Recipe, device: torch.device, progress: Progress) -> Way:
    """The way that a recipe names; torch in fp32, with a note, where OpenVINO is named and cannot be used here."""
    way = Way(recipe.model.frozen_engine, str(recipe.model.frozen_precision))
    if way.engine == "openvino" and not can_use_openvino(device):
        why = "is not installed here" if device.type == "cpu" else f"does not run on {device.type}"
        progress.note(
            f"The recipe names OpenVINO, which {why}. torch computes the frozen part instead; the last digits differ."
        )
        return Way("torch", "fp32")
    return way


def make_forward(
    model: Classifier,
    split_point: SplitPoint | None,
    size: tuple[int, int],
    way: Way,
    device: torch.device,
    n_threads: int,
    *,
    keep: bool = False,
    batch: int = FROZEN_BATCH,
) -> Callable[[Tensor], Tensor]:
    """Raw images (B, H, W, 3) -> features (B, D), or the frozen blocks' output (B, *shape) where the network is split.

    A network is compiled at the first call: what is on disk already needs none.

    Args:
        model: In evaluation mode, on the device.
        split_point: Where the network is split; None runs the whole backbone.
        size: Height and width of the images.
        way: Engine and precision.
        device: Where torch computes.
        n_threads: Threads that OpenVINO may use.
        keep: Keep what was traced for the next call with the same weights, which saves that a second or two.
        batch: Images that a compiled graph takes at a time, 16 or 1.

    Raises:
        UsageError: At the first call, if OpenVINO cannot take the network.
    """
    if way.engine == "torch":
        if not keep:
            _kept.clear()  # autotune chose torch: nobody will take what it traced

        def run(images: Tensor) -> Tensor:
            with autocast(device, way.precision):
                images = images.to(device)
                return model.features(images) if split_point is None else split_point.encode(model, images)

        return lambda images: _join(run_in_pieces(run, images))

    @cache
    def compiled() -> Callable[[Tensor], Tensor]:
        # Tracing and compiling take several times what the graph keeps.
        return_freed_memory()
        graph = _trace(model, split_point, size, keep=keep)
        return_freed_memory()
        forward = graph.compile(way.precision, n_threads, batch=batch)
        return_freed_memory()
        return forward

    return lambda images: compiled()(images)


def _join(outputs: list[Tensor]) -> Tensor:
    return outputs[0] if len(outputs) == 1 else torch.cat(outputs)


_kept: dict[tuple[str, str, str, tuple[int, int]], Graph] = {}


def _trace(model: Classifier, split_point: SplitPoint | None, size: tuple[int, int], *, keep: bool) -> Graph:
    key = (
        state_digest(model.backbone),
        f"{model.mean.tolist()} {model.std.tolist()}",
        split_point.last if split_point else "",
        size,
    )
    graph = _kept.pop(key, None)
    if graph is None:
        sections = None if split_point else depth_sections(model.backbone)
        graph = Graph(as_traceable(model, split_point), _unlike_images(FROZEN_BATCH, *size), sections=sections)
    _kept.clear()
    if keep:
        _kept[key] = graph
    return graph


def _unlike_images(n: int, height: int, width: int) -> Tensor:
    """(n, height, width, 3) uint8, the first dark and the last bright, so that a network tells one from another."""
    noise = torch.rand(n, height, width, 3, generator=torch.Generator().manual_seed(0))
    return (noise * torch.linspace(40, 255, n)[:, None, None, None]).to(torch.uint8)
