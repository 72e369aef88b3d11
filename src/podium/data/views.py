"""Images for evaluation: the whole stored image, resized, upright or in one of five fixed turns."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from podium.data.augment import for_each
from podium.data.frames import whole_frames
from podium.data.resample import plan_resampling, resample
from podium.errors import UnknownNameError

__all__ = ["View", "eval_batch"]

View = Literal["plain", "hflip", "vflip", "rot90", "rot180", "rot270"]

# (mirror left-right, mirror up-down, quarter turns counter-clockwise)
_TURNS: dict[str, tuple[bool, bool, int]] = {
    "plain": (False, False, 0),
    "hflip": (True, False, 0),
    "vflip": (False, True, 0),
    "rot90": (False, False, 1),
    "rot180": (False, False, 2),
    "rot270": (False, False, 3),
}


def eval_batch(
    pixels: NDArray[np.uint8],
    rows: NDArray[np.integer[Any]],
    out: NDArray[np.uint8],
    view: View = "plain",
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
        view: How the image is turned.
        pool: Threads to share the work among; None works in the caller's.
        n_parts: Parts the batch is cut into for the pool.

    Returns:
        `out`.

    Raises:
        UnknownNameError: If the view does not exist.
    """
    if view not in get_args(View):
        raise UnknownNameError("view", view, get_args(View))
    stored = pixels.view(np.ndarray)
    horizontal, vertical, turns = _TURNS[view]
    frames = whole_frames(len(rows), *stored.shape[1:3]).flip(horizontal, vertical).quarter_turn(turns)
    plan = plan_resampling(frames, stored.shape[1:3], out.shape[1:3])
    row_list = rows.tolist()
    for_each(lambda i: resample(stored[row_list[i]], plan, i, out[i]), len(row_list), pool, n_parts)
    return out
