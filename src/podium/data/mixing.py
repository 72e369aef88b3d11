"""MixUp and CutMix on a batch: images and soft targets of partners are mixed in the same proportion.

The partner, the proportion and the box are pure functions of (seed, epoch, step).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from podium.data.randomness import hash_uint64, uniforms
from podium.data.ranges import check_probability, check_range

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["CutMix", "MixUp", "Mixed", "Mixing", "mix_batch", "mix_targets", "mix_weights", "soften_targets"]

_DRAW_STREAM = 50
_PARTNER_STREAM = 51


@dataclass(frozen=True)
class MixUp:
    """The whole image is a weighted mean of two; the weight is drawn from Beta(alpha, alpha), one a batch.

    Source:
        Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization".
    """

    alpha: float = 0.2
    probability: float = 1.0
    kind: Literal["mixup"] = "mixup"

    n_uniforms: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "alpha", (self.alpha, self.alpha), above=0.0)


@dataclass(frozen=True)
class CutMix:
    """A box of the image comes from the partner; its share of the area is drawn from Beta(alpha, alpha).

    Args:
        alpha: Shape of the Beta distribution; 1 makes all shares as likely.
        probability: Chance that a batch is mixed.
        shape: "box" as in the paper; "strip" a vertical strip of full height; "half" the left or right half, always
            one half of the area.

    Source:
        Yun et al. 2019, "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features". The
        box is cut at the border and the proportion is that of the area which really changed.
    """

    alpha: float = 1.0
    probability: float = 1.0
    shape: Literal["box", "strip", "half"] = "box"
    kind: Literal["cutmix"] = "cutmix"

    n_uniforms: ClassVar[int] = 4

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "alpha", (self.alpha, self.alpha), above=0.0)

    def box(self, share: float, u: NDArray[np.float64], height: int, width: int) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 of about `share` of the image, at a place that `u`, shape (2,), says."""
        if self.shape == "half":
            middle = width // 2
            return (0, 0, middle, height) if u[0] < 0.5 else (width - middle, 0, width, height)
        if self.shape == "strip":
            strip = round(share * width)
            x0 = int(u[0] * (width - strip + 1))
            return x0, 0, x0 + strip, height
        half_width, half_height = (int(np.sqrt(share) * side) // 2 for side in (width, height))
        x, y = int(u[0] * width), int(u[1] * height)
        x0, y0 = max(0, x - half_width), max(0, y - half_height)
        return x0, y0, min(width, x + half_width), min(height, y + half_height)


Mixing = MixUp | CutMix


@dataclass(frozen=True, eq=False)
class Mixed:
    """How a batch was mixed.

    Attributes:
        partner: For each image the place in the batch of the other one, shape (B,).
        own_fraction: Share of the image's own in the mix, in [0, 1]; 1 where nothing was mixed.
    """

    partner: NDArray[np.int64]
    own_fraction: float


def mix_batch(images: NDArray[np.uint8] | Tensor, mixing: Mixing, *, seed: int, epoch: int, step: int) -> Mixed:
    """Mix a batch of images in place.

    Args:
        images: Images, uint8, shape (B, h, w, 3), C-contiguous, an array or on any device; changed.
        mixing: What to do.
        seed: Seed of the run.
        epoch: Epoch, from 0.
        step: What tells this batch from the others of the epoch, such as its first position.

    Returns:
        Partners, a permutation, and the share that is really left of each image's own.
    """
    key = np.array([step], dtype=np.uint64)
    happens, quantile, *place = uniforms(seed, epoch, key, _DRAW_STREAM, 4)[0]
    partner = np.argsort(hash_uint64(seed, epoch, key, _PARTNER_STREAM, len(images))[0], kind="stable")
    if happens >= mixing.probability or len(images) < 2:
        return Mixed(np.arange(len(images)), 1.0)
    drawn = float(betaincinv(mixing.alpha, mixing.alpha, quantile))
    if isinstance(mixing, MixUp):
        _blend(images, partner, drawn)
        return Mixed(partner, drawn)
    height, width = images.shape[1:3]
    x0, y0, x1, y1 = mixing.box(1.0 - drawn, np.array(place), height, width)
    device_images: Any = images  # an array and a tensor take the same indices
    device_images[:, y0:y1, x0:x1] = device_images[partner, y0:y1, x0:x1]
    return Mixed(partner, 1.0 - (x1 - x0) * (y1 - y0) / (height * width))


def _blend(images: NDArray[np.uint8] | Tensor, partner: NDArray[np.int64], own_fraction: float) -> None:
    others: Any = images[partner]
    if isinstance(images, np.ndarray):
        flat, flat_others = images.reshape(len(images), -1), others.reshape(len(images), -1)
        cv2.addWeighted(flat, own_fraction, flat_others, 1.0 - own_fraction, 0.0, dst=flat)
    else:
        images.copy_((own_fraction * images.float() + (1.0 - own_fraction) * others.float()).round())


def soften_targets(labels: NDArray[Any], n_classes: int | None) -> NDArray[np.float32]:
    """Labels as soft targets, float32 (B, C); a row of -1 where the label is missing.

    Args:
        labels: Class indices, shape (B,), -1 = missing; or 0 and 1 of a multi-label head, shape (B, C), kept as they
            are.
        n_classes: Number of classes C, needed for class indices.

    Example:
        >>> soften_targets(np.array([1, -1]), 2).tolist()
        [[0.0, 1.0], [-1.0, -1.0]]
    """
    if labels.ndim == 2:
        return labels.astype(np.float32)
    assert n_classes is not None, "class indices need the number of classes"
    soft = np.zeros((len(labels), n_classes), dtype=np.float32)
    soft[np.arange(len(labels)), np.maximum(labels, 0)] = 1.0
    soft[labels < 0] = -1.0
    return soft


def mix_targets(soft: NDArray[np.float32], mixed: Mixed) -> NDArray[np.float32]:
    """Soft targets, shape (B, C), mixed as the images were; -1 where either partner's is missing."""
    if mixed.own_fraction == 1.0:
        return soft
    others = soft[mixed.partner]
    blend = mixed.own_fraction * soft + (1.0 - mixed.own_fraction) * others
    return np.where((soft < 0) | (others < 0), -1.0, blend).astype(np.float32)


def mix_weights(weights: NDArray[np.float64], mixed: Mixed) -> NDArray[np.float64]:
    """Weights of the samples' losses, shape (B,), mixed as the images were."""
    return mixed.own_fraction * weights + (1.0 - mixed.own_fraction) * weights[mixed.partner]
