"""The operations of `operations.py` for a batch on a device: tensors of whole levels as floats, (B, h, w, 3).

Sums over an image are in integers, and others go term by term, so that no image depends on its batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from podium.data.noise import NOISE_SCALE
from podium.data.operations import CODES, LUMA, blur_radius

__all__ = ["DEVICE_OPERATIONS", "as_levels", "operate_on_device"]


def operate_on_device(device_images: Tensor, codes: Sequence[int], numbers: Tensor) -> Tensor:
    """The images after one step.

    Args:
        device_images: Whole levels, shape (B, h, w, 3).
        codes: The code of each image's operation, B of them.
        numbers: What it is done with, float64, shape (B, P).
    """
    for name, operation in DEVICE_OPERATIONS.items():
        rows = [row for row, code in enumerate(codes) if code == CODES[name]]
        if rows:
            where = torch.tensor(rows, device=device_images.device)
            device_images[where] = as_levels(operation(device_images[where], numbers[where]))
    return device_images


def as_levels(values: Tensor) -> Tensor:
    """Whole levels from 0 to 255."""
    return values.round().clamp(0, 255)


def _one(numbers: Tensor, place: int = 0) -> Tensor:
    return numbers[:, place, None, None, None].float()


def _brightness(images: Tensor, numbers: Tensor) -> Tensor:
    return images * _one(numbers)


def _contrast(images: Tensor, numbers: Tensor) -> Tensor:
    sums = images.to(torch.int32).sum(dim=(1, 2)).double() / (images.shape[1] * images.shape[2])
    mean = (_luma(sums) + 0.5).floor()[:, None, None, None].float()
    return mean + _one(numbers) * (images - mean)


def _saturation(images: Tensor, numbers: Tensor) -> Tensor:
    grey = _luma(images)[..., None]
    return grey + _one(numbers) * (images - grey)


def _luma(values: Tensor) -> Tensor:
    """Brightness of colours, (..., 3) to (...)."""
    return LUMA[0] * values[..., 0] + LUMA[1] * values[..., 1] + LUMA[2] * values[..., 2]


def _sharpness(images: Tensor, numbers: Tensor) -> Tensor:
    height, width = images.shape[1:3]
    soft = 5.0 * images[:, 1:-1, 1:-1]
    for down in range(3):
        for right in range(3):
            if (down, right) != (1, 1):
                soft = soft + images[:, down : height - 2 + down, right : width - 2 + right]
    soft, factor, sharp = as_levels(soft / 13), _one(numbers), images.clone()
    sharp[:, 1:-1, 1:-1] = factor * images[:, 1:-1, 1:-1] + (1 - factor) * soft
    return sharp


def _posterize(images: Tensor, numbers: Tensor) -> Tensor:
    step = 2 ** (8 - _one(numbers))
    return (images / step).floor() * step


def _solarize(images: Tensor, numbers: Tensor) -> Tensor:
    return torch.where(images >= _one(numbers), 255 - images, images)


def _invert(images: Tensor, numbers: Tensor) -> Tensor:
    return 255 - images


def _auto_contrast(images: Tensor, numbers: Tensor) -> Tensor:
    low, high = images.amin(dim=(1, 2), keepdim=True).double(), images.amax(dim=(1, 2), keepdim=True).double()
    stretched = ((images - low) * (255.0 / (high - low).clamp(min=1)) + 1e-9).floor()
    return torch.where(high > low, stretched, images.double()).float()


def _equalize(images: Tensor, numbers: Tensor) -> Tensor:
    levels = images.permute(0, 3, 1, 2).reshape(len(images) * 3, -1).long()
    counts = torch.zeros(len(levels), 256, dtype=torch.int64, device=images.device)
    counts.scatter_add_(1, levels, torch.ones_like(levels))
    highest = levels.amax(dim=1, keepdim=True)
    step = (counts.sum(dim=1, keepdim=True) - counts.gather(1, highest)) // 255
    table = (counts.cumsum(dim=1) - counts + step // 2) // step.clamp(min=1)
    changed = torch.where(step > 0, table.gather(1, levels), levels)
    return changed.reshape(len(images), 3, *images.shape[1:3]).permute(0, 2, 3, 1).float()


def _hue(images: Tensor, numbers: Tensor) -> Tensor:
    high, low = images.amax(dim=3), images.amin(dim=3)
    red, green, blue = images.unbind(dim=3)
    span = (high - low).clamp(min=1)
    sixths = torch.where(
        high == red,
        (green - blue) / span,
        torch.where(high == green, 2 + (blue - red) / span, 4 + (red - green) / span),
    )
    turned = sixths + 6 * numbers[:, 0, None, None].float()
    channels = []
    for shift in (5, 3, 1):
        place = (turned + shift) % 6
        channels.append(high - (high - low) * torch.minimum(place, 4 - place).clamp(0, 1))
    return torch.stack(channels, dim=3)


def _blur(images: Tensor, numbers: Tensor) -> Tensor:
    radius = blur_radius(float(numbers[:, 0].max()))
    sigma = numbers[:, 0]
    away = torch.arange(-radius, radius + 1, device=images.device, dtype=torch.float64)
    taps = torch.exp(-0.5 * (away / sigma[:, None]) ** 2) * (away.abs() <= torch.ceil(3 * sigma)[:, None])
    # Taps that are 0 change no sum, so the largest radius of a batch changes no image.
    total = taps[:, radius].clone()
    for k in range(1, radius + 1):
        total = total + 2 * taps[:, radius + k]
    taps = (taps / total[:, None]).float()
    for axis in (1, 2):
        side = images.shape[axis]
        blurred = images * taps[:, radius, None, None, None]
        for k in range(1, radius + 1):
            for step in (-k, k):
                places = _mirrored(torch.arange(side, device=images.device) + step, side)
                blurred = blurred + images.index_select(axis, places) * taps[:, radius + k, None, None, None]
        images = blurred
    return images


def _mirrored(places: Tensor, side: int) -> Tensor:
    last = max(side - 1, 1)
    places = places.abs() % (2 * last)
    return torch.where(places > last, 2 * last - places, places)


def _noise(images: Tensor, numbers: Tensor) -> Tensor:
    n = images[0].numel()
    bits = torch.arange(1, n + 1, dtype=torch.int64, device=images.device) + (numbers[:, 1, None].long() << 9)
    bits = bits * _signed(0x9E3779B97F4A7C15)
    bits = (bits ^ _right(bits, 30)) * _signed(0xBF58476D1CE4E5B9)
    bits = (bits ^ _right(bits, 27)) * _signed(0x94D049BB133111EB)
    bits = bits ^ _right(bits, 31)
    total = sum((_right(bits, shift) & 0xFFFF for shift in (16, 32, 48)), bits & 0xFFFF)
    noise = (total.float() - 2 * (2**16 - 1)) / torch.tensor(NOISE_SCALE, dtype=torch.float32)
    return images + _one(numbers) * noise.reshape(images.shape)


def _right(bits: Tensor, by: int) -> Tensor:
    """The bits of an unsigned number moved to the right."""
    return (bits >> by) & ((1 << (64 - by)) - 1)


def _signed(number: int) -> int:
    """The same 64 bits as torch writes them."""
    return number - 2**64 if number >= 2**63 else number


DEVICE_OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "sharpness": _sharpness,
    "posterize": _posterize,
    "solarize": _solarize,
    "invert": _invert,
    "auto_contrast": _auto_contrast,
    "equalize": _equalize,
    "hue": _hue,
    "blur": _blur,
    "noise": _noise,
}
"""Every operation that a device does, by name."""
