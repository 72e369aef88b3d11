"""The same images, made where the model computes: a whole batch at once, from images that lie on the device.

A CPU reads one image after the other, which is faster than any model of 100 px and more learns. Images of
32 px take a small model on a large GPU microseconds, and there the CPU's share of each is what all wait for.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from podium.data.augment import Drawn
from podium.data.bending import Curve, spreading
from podium.data.device_operations import as_levels, operate_on_device
from podium.data.erasing import FILL
from podium.data.resample import BILINEAR_SHRINK, TRANSPOSED, Plan
from podium.durable import PageBudget

__all__ = ["DeviceImages", "resident_bytes"]

_STORED_SHARE = 0.25
"""Share of a device's free memory that the stored images may take; the model needs the rest."""
_UPLOAD_BYTES = 64 * 1024**2
_PIECE_BYTES = 128 * 1024**2
"""What the images of one pass may take as floats."""


class DeviceImages:
    """Stored images on a device, and images made of them there.

    All images are copied to the device at the first use if they take at most a quarter of its free memory; else the
    rows of every batch are copied as they are needed. The images are the same. They differ from `augment_batch`'s by
    a level or two, because OpenCV computes in whole numbers. On Apple's GPUs, where two threads must not compute at
    once, the CPU makes them.

    Args:
        pixels: Stored images, uint8 (N, H, W, 3), usually a memory map.
        device: Where.
        stored_bytes: The most that the images may take there; None asks the device.
    """

    def __init__(self, pixels: NDArray[np.uint8], device: torch.device, *, stored_bytes: int | None = None) -> None:
        self._pixels = pixels
        self._device = torch.device("cpu") if device.type == "mps" else device
        self._stored_bytes = stored_bytes
        self._stored: Tensor | None = None
        self._is_tried = False
        self._pages = PageBudget(pixels)
        self._lock = threading.Lock()

    @property
    def is_resident(self) -> bool:
        """Whether all images lie on the device; known after the first batch."""
        return self._stored is not None

    def make(self, rows: NDArray[np.int64], drawn: Drawn, height: int, width: int) -> Tensor:
        """Images of these rows, uint8 (B, height, width, 3) on the device.

        Out of memory gives up the stored images, then makes fewer images at a time.

        Args:
            rows: Rows of the stored images, shape (B,).
            drawn: What was drawn for each of them.
            height: Height of the images.
            width: Width of the images.

        Raises:
            OutOfMemoryError: If one image does not fit.
        """
        is_cuda = self._device.type == "cuda"
        with torch.cuda.device(self._device) if is_cuda else nullcontext():
            self._store()
            stored_height, stored_width = self._pixels.shape[1:3]
            size = max(1, _PIECE_BYTES // (4 * 3 * max(stored_height * stored_width, height * width)))
            size = min(size, len(rows))
            while True:
                try:
                    pieces = [
                        self._make(rows[start : start + size], drawn.part(slice(start, start + size)), height, width)
                        for start in range(0, len(rows), size)
                    ]
                    return pieces[0] if len(pieces) == 1 else torch.cat(pieces)
                except torch.OutOfMemoryError:
                    if size == 1 and self._stored is None:
                        raise
                # After the block, for the traceback keeps what the failed attempt had allocated.
                self._stored, size = None, (size + 1) // 2
                if is_cuda:
                    torch.cuda.empty_cache()

    def _make(self, rows: NDArray[np.int64], drawn: Drawn, height: int, width: int) -> Tensor:
        numbers = self._send(rows, drawn, height, width)
        bent = [(bend.curve, numbers[f"bend {place}"].float()) for place, bend in enumerate(drawn.bends)]
        moved = _displacement(bent, height, width)
        device_images = _resample(self._read(rows, numbers["rows"]), numbers, height, width, moved)
        if drawn.colours is not None:
            device_images = _recolour(device_images, numbers["pixel"], numbers["mean"])
        for place, step in enumerate(drawn.steps):
            device_images = operate_on_device(device_images, step.codes.tolist(), numbers[f"step {place}"])
        for place in range(len(drawn.boxes)):
            _erase(device_images, numbers[f"box {place}"])
        return device_images.to(torch.uint8).contiguous()

    def _send(self, rows: NDArray[np.int64], drawn: Drawn, height: int, width: int) -> dict[str, Tensor]:
        """All numbers that tell how B images are made, each (B, ...), by one copy that nothing waits for."""
        columns: dict[str, NDArray[Any]] = {"rows": rows, **_reading(drawn.plan, height, width)}
        if drawn.colours is not None:
            columns |= {"pixel": drawn.colours.pixel, "mean": drawn.colours.mean}
        columns |= {f"bend {place}": bend.points for place, bend in enumerate(drawn.bends)}
        columns |= {f"step {place}": step.numbers for place, step in enumerate(drawn.steps)}
        columns |= {f"box {place}": np.asarray(boxes) for place, boxes in enumerate(drawn.boxes)}
        flat = [np.asarray(column, dtype=np.float64).reshape(len(rows), -1) for column in columns.values()]
        edges = np.cumsum([column.shape[1] for column in flat])[:-1].tolist()
        sent = torch.tensor_split(self._upload(np.concatenate(flat, axis=1)), edges, dim=1)
        return {name: part.reshape(column.shape) for (name, column), part in zip(columns.items(), sent, strict=True)}

    def _upload(self, array: NDArray[Any]) -> Tensor:
        here = torch.from_numpy(array)
        return here.pin_memory().to(self._device, non_blocking=True) if self._device.type == "cuda" else here

    def _read(self, rows: NDArray[np.int64], sent: Tensor) -> Tensor:
        """Float images (B, 3, H, W)."""
        if self._stored is None:
            images = self._upload(self._pixels[rows])
            self._pages.count(images.nbytes, n_places=len(rows))
        else:
            images = self._stored[sent.long()]
        return images.permute(0, 3, 1, 2).float()

    def _store(self) -> None:
        with self._lock:
            if self._is_tried:
                return
            self._is_tried = True
            limit = resident_bytes(self._device) if self._stored_bytes is None else self._stored_bytes
            if self._pixels.nbytes > limit:
                return
            pages = PageBudget(self._pixels, _UPLOAD_BYTES)
            try:
                stored = torch.empty(self._pixels.shape, dtype=torch.uint8, device=self._device)
            except torch.OutOfMemoryError:  # somebody else took it meanwhile
                return
            step = max(1, _UPLOAD_BYTES // max(1, self._pixels[:1].nbytes))
            for start in range(0, len(stored), step):
                piece = np.array(self._pixels[start : start + step])
                stored[start : start + step].copy_(torch.from_numpy(piece))
                pages.count(piece.nbytes)
            self._stored = stored


def resident_bytes(device: torch.device) -> float:
    """The most that stored images may take on a device; 0 where a copy of a memory map gains nothing."""
    if device.type != "cuda":
        return 0
    torch.cuda.empty_cache()  # what torch keeps for later counts as used
    return torch.cuda.mem_get_info(device)[0] * _STORED_SHARE


def _reading(plan: Plan, height: int, width: int) -> dict[str, NDArray[np.float64]]:
    """How B images are read: maps (B, 2, 3); the lowest and highest place, and what is averaged, (B, 2)."""
    turns, boxes = np.asarray(plan.turns), np.asarray(plan.boxes, dtype=np.float64)
    is_warp = (turns < 0)[:, None]
    matrix = np.where(is_warp[:, :, None], plan.matrix, _upright(turns, boxes, height, width))
    return {
        "matrix": matrix,
        "low": np.where(is_warp, -np.inf, boxes[:, :2]),
        "high": np.where(is_warp, np.inf, boxes[:, 2:] - 1),
        "spread": _spread(matrix, is_warp[:, 0]),
    }


def _displacement(bends: list[tuple[Curve, Tensor]], height: int, width: int) -> tuple[Tensor, Tensor] | None:
    """How far the images are bent along x and y, two of (B, height, width); `Bend.displacement` for a batch."""
    total: list[Tensor] = []
    for curve, points in bends:  # (B, g, g, 2)
        n = points.shape[1]
        down = torch.from_numpy(spreading(n, height, curve)).to(points.device)
        right = torch.from_numpy(spreading(n, width, curve)).to(points.device)
        for axis, side in ((0, width), (1, height)):
            lines = [_sum(points[:, i, j, axis, None] * down[:, i] for i in range(n)) for j in range(n)]
            moved = _sum(lines[j][:, :, None] * right[:, j] for j in range(n)) * side
            total = [*total[:axis], total[axis] + moved if len(total) > axis else moved, *total[axis + 1 :]]
    return (total[0], total[1]) if total else None


def _sum(terms: Iterable[Tensor]) -> Tensor:
    """The sum, term by term, so that it does not depend on the batch."""
    return reduce(torch.add, terms)


def _resample(
    images: Tensor, numbers: Mapping[str, Tensor], height: int, width: int, moved: tuple[Tensor, Tensor] | None
) -> Tensor:
    """Whole levels as floats (B, height, width, 3), read from float images (B, 3, H, W) as `_reading` says."""
    # As many reads for every image, whatever is beside it in the batch: no image depends on another.
    shrink = max(images.shape[2:]) / min(height, width)
    n_reads = 1 if shrink <= BILINEAR_SHRINK else math.ceil(shrink)
    offsets = [(read + 0.5) / n_reads - 0.5 for read in range(n_reads)]
    matrix, low, high = (numbers[name].float() for name in ("matrix", "low", "high"))
    where = _Points(matrix, low, high, moved)
    spread = numbers["spread"].float()
    total = torch.zeros((len(images), 3, height, width), device=images.device)
    for down in offsets:
        for right in offsets:
            total += where.read(images, spread[:, 0] * right, spread[:, 1] * down, height, width)
    return as_levels(total / n_reads**2).permute(0, 2, 3, 1)


def _upright(turns: NDArray[np.int64], boxes: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """Maps image -> stored image of upright boxes, (B, 2, 3): whole boxes, so that their edges are never crossed."""
    is_transposed = turns & TRANSPOSED != 0
    rows = np.arange(len(turns))
    matrix = np.zeros((len(turns), 2, 3))
    for axis, n in ((0, width), (1, height)):  # along x of the image, then along y
        stored_axis = np.where(is_transposed, 1 - axis, axis)
        first, last = boxes[rows, stored_axis], boxes[rows, stored_axis + 2]
        is_mirrored = turns & (1, 2)[axis] != 0
        matrix[rows, stored_axis, axis] = np.where(is_mirrored, first - last, last - first) / n
        matrix[rows, stored_axis, 2] = np.where(is_mirrored, last, first)
    return matrix


def _spread(matrix: NDArray[np.float64], is_warp: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Part of an image's pixel that is averaged along x and y, (B, 2): all of it where the image shrinks much."""
    shrink = np.abs(matrix[:, :, :2]).max(axis=1)
    shrink[is_warp] = np.sqrt(np.abs(np.linalg.det(matrix[is_warp][:, :, :2])))[:, None]
    return np.where((shrink > BILINEAR_SHRINK).any(axis=1, keepdims=True) & (shrink > 1), 1.0, 0.0)


@dataclass(frozen=True, eq=False)
class _Points:
    """Where images are read: maps (B, 2, 3), the lowest and highest centre of a pixel, (B, 2), and displacements."""

    matrix: Tensor
    low: Tensor
    high: Tensor
    moved: tuple[Tensor, Tensor] | None

    def read(self, images: Tensor, right: Tensor, down: Tensor, height: int, width: int) -> Tensor:
        """Bilinear values (B, 3, height, width) at each pixel's centre, moved by shares (B,) of a pixel."""
        x = (torch.arange(width, device=images.device) + 0.5)[None, None, :] + right[:, None, None]
        y = (torch.arange(height, device=images.device) + 0.5)[None, :, None] + down[:, None, None]
        if self.moved is not None:
            x, y = x + self.moved[0], y + self.moved[1]
        places = []
        for axis, side in ((0, images.shape[3]), (1, images.shape[2])):
            to_x, to_y, offset = (self.matrix[:, axis, k, None, None] for k in range(3))
            place = to_x * x + to_y * y + offset - 0.5
            place = place.clamp(self.low[:, axis, None, None], self.high[:, axis, None, None])
            places.append(2 * _mirror(place, side) / max(side - 1, 1) - 1)
        grid = torch.stack(places, dim=3)
        return functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=True)


def _mirror(place: Tensor, side: int) -> Tensor:
    """Places inside 0 to side - 1, mirrored about the centres of the border's pixels."""
    last = max(side - 1, 1)
    place = place.abs() % (2 * last)
    return torch.where(place > last, 2 * last - place, place)


def _recolour(device_images: Tensor, pixel: Tensor, factor: Tensor) -> Tensor:
    """Images (B, h, w, 3), each with its linear map (B, 3, 3) of its pixels and of its mean colour."""
    pixel, factor = pixel.float(), factor.float()
    # In whole numbers, and term by term, a sum does not depend on its order, and so not on the batch.
    mean = device_images.to(torch.int32).sum(dim=(1, 2)).float() / (device_images.shape[1] * device_images.shape[2])
    bias = factor[:, :, 0] * mean[:, 0, None]
    for channel in (1, 2):
        bias = bias + factor[:, :, channel] * mean[:, channel, None]
    out = bias[:, None, None, :]
    for channel in range(3):
        out = out + pixel[:, None, None, :, channel] * device_images[..., channel, None]
    return as_levels(out)


def _erase(device_images: Tensor, boxes: Tensor) -> None:
    """Paint boxes (B, 4) of images (B, h, w, 3), in place."""
    x = torch.arange(device_images.shape[2], device=device_images.device)[None, None, :]
    y = torch.arange(device_images.shape[1], device=device_images.device)[None, :, None]
    x0, y0, x1, y1 = boxes[:, :, None, None].unbind(dim=1)
    is_inside = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
    for channel, level in enumerate(FILL):
        device_images[..., channel].masked_fill_(is_inside, level)
