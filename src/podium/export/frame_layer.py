"""What a test-time view shows of an image, as a layer: what OpenCV does in an evaluation."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from podium.advice import option
from podium.data.resample import BILINEAR_SHRINK, TRANSPOSED, plan_resampling
from podium.data.view_frames import frames_of
from podium.errors import UsageError

__all__ = ["FrameLayer"]

_WARPED = -1
_UNITS = 2048


class FrameLayer(nn.Module):
    """Stored images (N, H, W, 3) as float whole numbers -> those that a model sees, (N, h, w, 3), as `eval_batch` does.

    Bilinear reading is OpenCV's to the last bit, in whole numbers: weights are 2048ths. Averages over areas are
    matrices.

    Args:
        view: A view of one frame.
        stored: Height and width of the stored images.
        size: Height and width of the model's images.

    Raises:
        UsageError: If the view reads beyond the border, which only a warp can do.
    """

    def __init__(self, view: str, stored: tuple[int, int], size: tuple[int, int]) -> None:
        super().__init__()
        plan = plan_resampling(frames_of(view, 1, *stored), stored, size)
        turn, (x0, y0, x1, y1) = plan.turns[0], plan.boxes[0]
        if turn == _WARPED:
            raise UsageError(
                f"view {view!r} warps the image, which a graph of matrices cannot.",
                field="tta",
                fix=f"Name others with {option('tta')}, such as hflip, or none.",
            )
        self.is_transposed = bool(turn & TRANSPOSED)
        self.is_whole = (turn, x0, y0, x1, y1) == (0, 0, 0, stored[1], stored[0]) and stored == size
        height, width = size[::-1] if self.is_transposed else size
        is_mild = y1 - y0 <= BILINEAR_SHRINK * height and x1 - x0 <= BILINEAR_SHRINK * width
        mirrored, flipped = bool(turn & 1), bool(turn & 2)
        if self.is_transposed:  # the last two steps then exchange rows and columns
            mirrored, flipped = flipped, mirrored
        if is_mild:
            self.rows: _Taps | _Weights = _Taps(y0, y1, height, is_reversed=flipped, splits_edges=True)
            self.columns: _Taps | _Weights = _Taps(x0, x1, width, is_reversed=mirrored, splits_edges=False)
        else:
            self.rows = _Weights(y0, y1, stored[0], height, is_reversed=flipped)
            self.columns = _Weights(x0, x1, stored[1], width, is_reversed=mirrored)

    def forward(self, pixels: Tensor) -> Tensor:
        """The frame of every image."""
        if self.is_whole:
            return pixels
        if isinstance(self.rows, _Taps):
            seen = self._read(pixels)
        else:
            down = self.rows(pixels.permute(0, 2, 3, 1))  # (N, W, 3, h)
            seen = self.columns(down.permute(0, 3, 2, 1)).permute(0, 1, 3, 2).round().clamp(0, 255)  # (N, h, w, 3)
        return seen.permute(0, 2, 1, 3) if self.is_transposed else seen

    def _read(self, pixels: Tensor) -> Tensor:
        """Bilinear, with OpenCV's roundings on the way: a shift by 4 bits, one by 16, one by 2."""
        rows, columns = self.rows, self.columns
        assert isinstance(rows, _Taps)
        assert isinstance(columns, _Taps)
        left, right = (pixels.index_select(2, place) for place in (columns.low, columns.high))
        across = left * columns.low_weight[:, None] + right * columns.high_weight[:, None]
        across = (across / 16).floor()
        top, bottom = (across.index_select(1, place) for place in (rows.low, rows.high))
        top = (top * rows.low_weight[:, None, None] / 65536).floor()
        bottom = (bottom * rows.high_weight[:, None, None] / 65536).floor()
        return ((top + bottom + 2) / 4).floor().clamp(0, 255)


class _Taps(nn.Module):
    """The two pixels that each one is read between, and their weights in 2048ths, along one side.

    Beyond the outermost pixel OpenCV takes a column whole, but adds a row up from two parts of itself, each rounded.
    """

    low: Tensor
    high: Tensor
    low_weight: Tensor
    high_weight: Tensor

    def __init__(self, start: int, end: int, wanted: int, *, is_reversed: bool, splits_edges: bool) -> None:
        super().__init__()
        last = end - start - 1
        at = ((np.arange(wanted) + 0.5) * ((last + 1) / wanted) - 0.5).astype(np.float32)
        low = np.floor(at).astype(np.int64)
        is_beyond = (low < 0) | (low >= last)
        part = at - low if splits_edges else np.where(is_beyond, 0, at - low)
        found = {
            "low": np.clip(low, 0, last) + start,
            "high": np.clip(low + 1, 0, last) + start,
            "low_weight": np.rint((1 - part) * _UNITS).astype(np.float32),
            "high_weight": np.rint(part * _UNITS).astype(np.float32),
        }
        for name, values in found.items():
            values = np.ascontiguousarray(values[::-1] if is_reversed else values)
            self.register_buffer(name, torch.from_numpy(values), persistent=False)


class _Weights(nn.Module):
    """What every pixel counts for each one wanted, along one side: averaged where it shrinks, else bilinear."""

    matrix: Tensor

    def __init__(self, start: int, end: int, n: int, wanted: int, *, is_reversed: bool) -> None:
        super().__init__()
        how = cv2.INTER_LINEAR if wanted > end - start else cv2.INTER_AREA
        own = cv2.resize(np.eye(end - start, dtype=np.float32), (end - start, wanted), interpolation=how)
        matrix = np.pad(np.asarray(own, dtype=np.float32), ((0, 0), (start, n - end)))
        matrix = np.ascontiguousarray(matrix[::-1] if is_reversed else matrix)
        self.register_buffer("matrix", torch.from_numpy(matrix), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """Values with their last axis resized."""
        return torch.matmul(values, self.matrix.T)
