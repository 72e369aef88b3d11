"""Maps of any network by any method, and their size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from podium.explain.attention_rollout import attention_rollout
from podium.explain.capture import capture, score_of
from podium.explain.gradcam import gradcam
from podium.explain.gradcam_plus_plus import gradcam_plus_plus
from podium.explain.hirescam import hirescam
from podium.explain.layer import Layer
from podium.models import Classifier
from podium.models.depths import DepthReader

__all__ = ["METHODS", "Method", "choose_method", "enlarge", "finest_grid", "make_maps"]

Method = Literal["gradcam", "gradcam++", "hirescam", "rollout"]
METHODS: tuple[Method, ...] = ("gradcam", "gradcam++", "hirescam", "rollout")
_BY_GRADIENT = {"gradcam": gradcam, "gradcam++": gradcam_plus_plus, "hirescam": hirescam}


def choose_method(model: Classifier) -> Method:
    """Grad-CAM; HiResCAM where heads read the standard deviation over places, which Grad-CAM cannot see."""
    backbone = model.backbone
    reads_std = isinstance(backbone, DepthReader) and backbone.ends and "std" in backbone.statistics
    return "hirescam" if reads_std else "gradcam"


def make_maps(
    model: Classifier, images: Tensor, layers: Sequence[Layer], head: str, classes: Tensor, method: Method
) -> NDArray[np.float32]:
    """Where the logit of one class comes from, image by image, at least 0, (N, rows, columns) of the finest layer.

    The maps of several layers are added, before what speaks against the class is left out.

    Args:
        model: In evaluation mode.
        images: Raw images, (N, H, W, 3) uint8, on the model's device.
        layers: From `find_layers`.
        head: A head of the model.
        classes: The class to explain of each image, int64 (N,).
        method: How; "rollout" is the same for all classes.

    Raises:
        UsageError: If the method does not fit the network.
    """
    if method == "rollout":
        return np.asarray(attention_rollout(model, images, layers[-1]).cpu().numpy(), dtype=np.float32)
    captured = capture(model, images, layers, score_of(head, classes))
    # Grad-CAM++ divides by differences, and maps of layers are small.
    maps = [_BY_GRADIENT[method](values.cpu().double(), slopes.cpu().double()) for values, slopes in captured]
    total = _add(maps, finest_grid(layers)).relu()
    return np.asarray(total.numpy(), dtype=np.float32)


def finest_grid(layers: Sequence[Layer]) -> tuple[int, int]:
    """Rows and columns of the layer with the most places."""
    return max((layer.grid for layer in layers), key=lambda grid: grid[0] * grid[1])


def _add(maps: Sequence[Tensor], grid: tuple[int, int]) -> Tensor:
    """The sum of maps on one grid; what a place adds is shared among the places that it becomes."""
    parts = [
        functional.interpolate(one[:, None], grid, mode="bilinear", align_corners=False)[:, 0]
        * (one[0].numel() / (grid[0] * grid[1]))
        for one in maps
    ]
    return torch.stack(parts).sum(dim=0)


def enlarge(maps: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Maps (N, rows, columns) at the size of the pictures (N, H, W), bilinear between the middles of the cells."""
    large = functional.interpolate(torch.from_numpy(maps)[:, None], size, mode="bilinear", align_corners=False)
    return np.asarray(large[:, 0].numpy(), dtype=np.float32)
