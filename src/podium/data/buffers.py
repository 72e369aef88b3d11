"""Buffers for batches that are used again as soon as, and not before, nobody holds the batch."""

from __future__ import annotations

import threading
import weakref
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

__all__ = ["BufferPool"]


class BufferPool:
    """uint8 buffers of one shape, handed out as tensors and taken back when the last view of the tensor is gone.

    Writing into memory that is already mapped is a third faster than into a fresh tensor each batch. A batch that
    the caller keeps (a list of all batches, say) is never overwritten: another buffer is made instead.

    Args:
        shape: Shape of a full batch, (B, h, w, 3).
        pinned: Page-locked memory, for copies to a GPU that do not block.
    """

    def __init__(self, shape: tuple[int, ...], *, pinned: bool = False) -> None:
        self._shape = shape
        self._card = torch.cuda.current_device() if pinned else None
        self._free: list[tuple[torch.Tensor, Any]] = []
        self._lock = threading.RLock()  # the collector may put a buffer back while this thread takes one
        self.n_made = 0

    def take(self, n: int) -> tuple[NDArray[np.uint8], torch.Tensor]:
        """The first `n` entries of a free buffer, as an array and as the tensor that shares its memory."""
        with self._lock:
            whole, copied = self._free.pop(0) if self._free else (None, None)
        if whole is None:
            whole = torch.empty(self._shape, dtype=torch.uint8, pin_memory=self._card is not None)
            self.n_made += 1
        if copied is not None:
            copied.synchronize()
        # The tensor's storage holds this array object, and so does every view of the tensor.
        array: NDArray[np.uint8] = whole.numpy()[:n]
        weakref.finalize(array, self._put_back, whole).atexit = False
        return array, torch.from_numpy(array)

    def _put_back(self, whole: torch.Tensor) -> None:
        copied = None
        if self._card is not None:
            # A copy to the GPU may still be under way; the next writer waits for it.
            copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
            copied.record(torch.cuda.current_stream(self._card))  # another thread may have another card
        with self._lock:
            self._free.append((whole, copied))
