"""Images for evaluation: one frame of each stored image, resized; nothing random."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.data.augment import for_each
from podium.data.resample import plan_resampling, resample
from podium.data.view_frames import frames_of

__all__ = ["eval_batch"]


def eval_batch(
    pixels: NDArray[np.uint8],
    rows: NDArray[np.integer[Any]],
    out: NDArray[np.uint8],
    view: str = "plain",
    *,
    pool: Executor | None = None,
    n_parts: int = 1,
) -> NDArray[np.uint8]:
    """Images of these rows, nothing random.

    "plain" equals `augment_batch` without augmentations, so training and evaluation resize alike. "rot90" turns
    counter-clockwise, as numpy.rot90 does. An image that is not square is stretched to the output's shape after a
    quarter turn, as the augmentation `Rotate90` does it.

    Args:
        pixels: Stored images, shape (N, H, W, 3).
        rows: Rows of `pixels`, shape (B,).
        out: Buffer for the images, shape (B, h, w, 3), C-contiguous.
        view: What is shown of each image, a view of one frame (`parts_of`).
        pool: Threads to share the work among; None works in the caller's.
        n_parts: Parts the batch is cut into for the pool.

    Returns:
        `out`.

    Raises:
        UnknownNameError: If the view does not exist.
    """
    stored = pixels.view(np.ndarray)
    plan = plan_resampling(frames_of(view, len(rows), *stored.shape[1:3]), stored.shape[1:3], out.shape[1:3])
    row_list = rows.tolist()
    for_each(lambda i: resample(stored[row_list[i]], plan, i, out[i]), len(row_list), pool, n_parts)
    return out
