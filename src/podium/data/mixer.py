"""What mixes the images of training batches, in place: as functions of (seed, epoch, place of the batch) alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from podium.data.mixed_targets import Mixed, mix_targets, soften_targets
from podium.data.mixing import CutMix, Mixing, MixUp, PatchSwap, choose_mixing
from podium.data.partners import Partners
from podium.data.randomness import hash_uint64, uniforms

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Mixer", "swap_patches"]

_DRAW_STREAM = 50
_ORDER_STREAM = 51
_PARTNER_STREAM = 52
_PARTNER_KEY_STREAM = 53
_SWAP_STREAM = 54

Images = Any
"""uint8 (B, h, w, 3), C-contiguous: an array, or a tensor on any device; both take the same indices."""
Targets = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Mixer:
    """Mixes batches of a training.

    Attributes:
        mixings: Ways of mixing; one is drawn for each batch, by their probabilities.
        n_classes: Number of classes of each head with class indices.
        partners: For each way the pools of its partners; None for any image of the batch. Empty: None for all.
        n_epochs: Epochs in which images are mixed, from the first on; None for all.
    """

    mixings: tuple[Mixing, ...]
    n_classes: Mapping[str, int] = field(default_factory=dict)
    partners: tuple[Partners | None, ...] = ()
    n_epochs: int | None = None

    @property
    def mixes_targets(self) -> bool:
        """Whether targets become soft: not where patches only change places inside an image."""
        return any(not isinstance(mixing, PatchSwap) for mixing in self.mixings)

    def mix(
        self,
        images: Images,
        positions: NDArray[np.int64],
        keys: NDArray[np.uint64],
        make_images: Callable[[NDArray[np.int64], NDArray[np.uint64]], Images],
        *,
        seed: int,
        epoch: int,
        step: int,
    ) -> Mixed:
        """Mix a batch of images in place.

        Args:
            images: The images; changed.
            positions: Their positions among the training samples, shape (B,).
            keys: Keys of their samples, shape (B,).
            make_images: Positions and numbers that tell their augmentation from others, to images; for partners that
                are not in the batch.
            seed: Seed of the run.
            epoch: Epoch, from 0.
            step: What tells this batch from the others of the epoch, such as its first position.
        """
        unmixed = Mixed(positions, 1.0)
        batch = np.array([step], dtype=np.uint64)
        u = uniforms(seed, epoch, batch, _DRAW_STREAM, 4)[0]
        place = choose_mixing(self.mixings, u[0])
        if place is None or (self.n_epochs is not None and epoch >= self.n_epochs):
            return unmixed
        mixing, partners = self.mixings[place], self.partners[place] if self.partners else None
        if isinstance(mixing, PatchSwap):
            swap_patches(images, mixing, uniforms(seed, epoch, keys, _SWAP_STREAM, 2 * mixing.swaps))
            return unmixed
        if partners is None:
            if len(positions) < 2:
                return unmixed
            order = np.argsort(hash_uint64(seed, epoch, batch, _ORDER_STREAM, len(positions))[0], kind="stable")
            return Mixed(positions[order], _mix_pixels(images, images, order, mixing, u[1:]))
        slots = np.uint64(step) + np.arange(len(positions), dtype=np.uint64)
        partner = partners.draw(positions, uniforms(seed, epoch, slots, _PARTNER_STREAM, 1)[:, 0])
        others = make_images(partner, hash_uint64(seed, epoch, slots, _PARTNER_KEY_STREAM)[:, 0])
        return Mixed(partner, _mix_pixels(images, others, np.arange(len(positions)), mixing, u[1:]))

    def mix_targets(self, own: Targets, other: Targets, mixed: Mixed) -> dict[str, NDArray[Any]]:
        """Targets of the images and of their partners by head, mixed as the images were."""
        if not self.mixes_targets:
            return dict(own)
        return {name: self._mix_head(name, column, other[name], mixed) for name, column in own.items()}

    def _mix_head(self, name: str, own: NDArray[Any], other: NDArray[Any], mixed: Mixed) -> NDArray[np.float32]:
        soft, others = (soften_targets(column, self.n_classes.get(name)) for column in (own, other))
        return mix_targets(soft, others, mixed.own_fraction)


def _mix_pixels(
    images: Images, others: Images, order: NDArray[np.int64], mixing: MixUp | CutMix, u: NDArray[np.float64]
) -> float:
    """Mix `others[order]` into the images; the share that is really left of each image's own."""
    drawn = float(betaincinv(mixing.alpha, mixing.alpha, u[0]))
    if isinstance(mixing, MixUp):
        _blend(images, others[order], drawn)
        return drawn
    height, width = images.shape[1:3]
    x0, y0, x1, y1 = mixing.box(1.0 - drawn, u[1:], height, width)
    images[:, y0:y1, x0:x1] = others[order, y0:y1, x0:x1]
    return float(1.0 - (x1 - x0) * (y1 - y0) / (height * width))


def _blend(images: NDArray[np.uint8] | Tensor, others: Images, own_fraction: float) -> None:
    if isinstance(images, np.ndarray):
        flat, flat_others = images.reshape(len(images), -1), others.reshape(len(images), -1)
        cv2.addWeighted(flat, own_fraction, flat_others, 1.0 - own_fraction, 0.0, dst=flat)
    else:
        images.copy_((own_fraction * images.float() + (1.0 - own_fraction) * others.float()).round())


def swap_patches(images: Images, mixing: PatchSwap, u: NDArray[np.float64]) -> None:
    """Exchange patches inside each image, in place.

    Args:
        images: The images, whose sides `mixing.cells` divides.
        mixing: How many patches there are, and how many pairs are exchanged.
        u: Uniform numbers, shape (B, 2 * swaps).
    """
    n, height, width, _ = images.shape
    cells, each = mixing.cells, np.arange(n)
    source = np.tile(np.arange(cells * cells), (n, 1))  # (B, cells^2)
    for swap in range(mixing.swaps):
        first = (u[:, 2 * swap] * cells**2).astype(np.int64)
        second = (first + 1 + (u[:, 2 * swap + 1] * (cells**2 - 1)).astype(np.int64)) % cells**2
        source[each, first], source[each, second] = source[each, second], source[each, first]
    rows, columns = np.divmod(source, cells)
    patches = images.reshape(n, cells, height // cells, cells, width // cells, 3).swapaxes(2, 3)
    moved = patches[each[:, None], rows, columns]  # (B, cells^2, h, w, 3)
    patches[:] = moved.reshape(patches.shape)
