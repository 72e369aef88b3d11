"""A frozen backbone as a function of raw images, made ready once for many calls."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from podium.backbone.features import state_digest
from podium.backbone.frozen_forward import make_forward, recorded_way
from podium.machine import Progress
from podium.models import Backbone, Classifier
from podium.recipe import Recipe
from podium.tables import Task

__all__ = ["FrozenBackbone"]

FEW = 8
"""Fewer images than this take a graph of one image: one that was compiled for sixteen computes sixteen for them."""


class FrozenBackbone:
    """Features of raw images by the engine and in the precision that a recipe names.

    Args:
        recipe: A recipe in which nothing is "auto".
        backbone: The network.
        task: Any task of the run; its heads are not used.
        device: Where torch computes.
        n_threads: Threads that OpenVINO may use.
        progress: Receives a note where OpenVINO is named and cannot be used.

    Attributes:
        backbone: The network.
        way: Engine and precision.
        model: The network with its normalisation, on the device, in evaluation mode.
    """

    def __init__(
        self,
        recipe: Recipe,
        backbone: Backbone,
        task: Task,
        device: torch.device,
        n_threads: int,
        progress: Progress,
    ) -> None:
        self.backbone = backbone
        self.way = recorded_way(recipe, device, progress)
        self.model = Classifier(backbone, task).to(device).eval()
        size = recipe.image.sides
        self._forward = make_forward(self.model, None, size, self.way, device, n_threads)
        self._forward_one = make_forward(self.model, None, size, self.way, device, n_threads, batch=1)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the network's tensors."""
        return state_digest(self.backbone.module)

    def features(self, images: Tensor, *, few: bool = False) -> Tensor:
        """Features (B, D) of raw images (B, H, W, 3) uint8.

        Args:
            images: The images.
            few: They are all there are to do, so a small number of them is not worth a full batch. The last bits of
                features depend on it.
        """
        if few and self.way.engine == "openvino" and len(images) < FEW:
            return self._forward_one(images)
        return self._forward(images)
