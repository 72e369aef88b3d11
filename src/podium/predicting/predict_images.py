"""Images that a user holds, told from the name of a folder or a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from podium.curate import Scan
from podium.errors import ImageError, UsageError
from podium.tables import Samples, is_image_name, normalise_id, path_to_text
from podium.texttable import is_frame

__all__ = ["as_images", "name_images"]


def as_images(data: Any) -> list[Any] | None:
    """The images as a list; None if this is anything else, such as a folder, a table or samples.

    Raises:
        UsageError: If it is nothing that images can be found in.
        ImageError: If it is an array that holds no RGB images, or a list of images and other things.
    """
    if hasattr(data, "to_numpy") and not is_frame(data):  # a column of a DataFrame
        data = data.to_numpy()
    if isinstance(data, np.ndarray) and data.dtype.kind not in "OUT":
        if data.ndim not in (3, 4):
            raise ImageError(f"an array of shape {data.shape} is no image; expected (H, W, 3) or (N, H, W, 3).")
        return [data] if data.ndim == 3 else list(data)
    if _is_image(data):
        return [data]
    if isinstance(data, str | Path | Samples | Scan | Mapping) or is_frame(data):
        return None
    if isinstance(data, bytes) or not isinstance(data, Sequence | np.ndarray):
        kind = "None" if data is None else f"an object of type {type(data).__name__}"
        raise UsageError(
            f"got {kind}, expected images or where to find them.",
            field="data",
            fix="Give a folder, a table, a DataFrame or samples; or images: a path, an RGB array uint8 (H, W, 3), an"
            " image of Pillow, or a list of these.",
        )
    is_image = [_is_image(item) for item in data]
    if not any(is_image):
        return None
    if not all(is_image):
        place = is_image.index(False)
        raise ImageError(f"item {place} of the list is no image: {data[place]!r:.100}.")
    return list(data)


def name_images(images: Sequence[Any]) -> list[str]:
    """Ids: the paths as they were given; places where an image has no path, or two have the same.

    Example:
        >>> name_images(["a.png", "a.png"])
        ['0', '1']
        >>> name_images(["a.png", "b.png"])
        ['a.png', 'b.png']
    """
    names = [normalise_id(path_to_text(str(item))) for item in images if isinstance(item, str | Path)]
    return names if len(set(names)) == len(images) else [str(place) for place in range(len(images))]


def _is_image(item: Any) -> bool:
    """Whether this is an image of Pillow, an array, or the path of an image file."""
    if isinstance(item, str | Path):
        return is_image_name(str(item)) and not Path(item).expanduser().is_dir()
    return hasattr(item, "getbands") or (isinstance(item, np.ndarray) and item.ndim in (2, 3))
