"""Images in memory in the place of a cache: for predictions of a few images, and for scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from podium.errors import ImageError
from podium.images import Box, Fit, Limits, Preprocessing, crop, cuts, decode_file, read_size, store_as, upright_rgb
from podium.images.value_use import pillow_values
from podium.tables import as_text_array

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["GivenImage", "MemoryImages", "StoredImages", "median_side_of", "store_in_memory"]

GivenImage: TypeAlias = "NDArray[np.uint8] | str | Path | Image.Image"
"""Upright RGB pixels uint8 (H, W, 3), the path of a file, or an image of Pillow."""
CropBy: TypeAlias = Callable[[int, NDArray[np.uint8]], Box | None]
"""Number and upright pixels of an image to the part of it that is wanted."""
_WORTH_THREADS = 4
_PROBED = 200
_Values: TypeAlias = tuple[float, float, float, float]
_NO_VALUES: _Values = (0.0, 0.0, 0.0, 0.0)


class StoredImages(Protocol):
    """Decoded images of one size: a cache on disk, or a few in memory."""

    @property
    def ids(self) -> NDArray[np.object_]:
        """Ids of the images, in the order of the rows, shape (N,)."""

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """Upright RGB, shape (N, height, width, 3)."""

    @property
    def key(self) -> str | None:
        """Names the pixels, so that what is computed from them can be kept; None keeps nothing."""

    @property
    def parts(self) -> Mapping[str, StoredImages]:
        """The same images cut to other regions, by region."""


@dataclass(frozen=True, eq=False)
class MemoryImages:
    """Images in memory. Nothing that is computed from them is kept on disk.

    Args:
        ids: Ids of the images, shape (N,).
        pixels: Upright RGB, uint8 (N, height, width, 3).
        key: Always None.
        values: Smallest and largest value of each image of more than 8 bits, and the values that became black and
            white, float64 (N, 4); 0 for others. None where nobody asked.
        sizes: Height and width of each image as it was read, int64 (N, 2); smaller than its file where nothing is cut
            out of it. None where nobody looked.
        parts: The same images cut to other regions, by region.
    """

    ids: NDArray[np.object_]
    pixels: NDArray[np.uint8]
    key: None = None
    values: NDArray[np.float64] | None = None
    sizes: NDArray[np.int64] | None = None
    parts: Mapping[str, MemoryImages] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)


def store_in_memory(
    images: Sequence[GivenImage],
    height: int,
    width: int,
    fit: Fit = "stretch",
    *,
    ids: Sequence[str] | None = None,
    n_threads: int = 1,
    limits: Limits | None = None,
    preprocessing: Sequence[Preprocessing] = (),
    with_values: bool = False,
    crop_by: CropBy | None = None,
) -> MemoryImages:
    """Images of any size, decoded and brought to one size by the code that fills a cache.

    Args:
        images: N images: arrays, paths or Pillow's.
        height: Height of the stored images.
        width: Width of the stored images.
        fit: How an image is brought to that shape.
        ids: Their ids; None counts from "0".
        n_threads: Images made at a time.
        limits: How files and Pillow's images are decoded; the defaults of `Limits` where None.
        preprocessing: What is done to every image beside resizing.
        with_values: Whether to measure what images of more than 8 bits use of their range.
        crop_by: Gives the part of an image that is stored, from its number and its pixels; None stores whole images.

    Raises:
        ImageError: If an image cannot be decoded, or an array is not uint8 (H, W, 3); names the first.
    """
    names = [str(row) for row in range(len(images))] if ids is None else list(ids)
    pixels = np.empty((len(images), height, width, 3), dtype=np.uint8)
    values, sizes = np.zeros((len(images), 4)) if with_values else None, np.zeros((len(images), 2), dtype=np.int64)
    target_px = None if crop_by is not None or cuts(preprocessing) else max(height, width)

    def store(row: int) -> None:
        read, used = _read(images[row], names[row], target_px, limits or Limits(), with_values=with_values)
        box = None if crop_by is None else crop_by(row, read)
        read = read if box is None else crop(read, box)
        sizes[row] = read.shape[:2]
        pixels[row] = store_as(read, (height, width), fit, preprocessing)
        if values is not None:
            values[row] = used

    if n_threads > 1 and len(images) >= _WORTH_THREADS:
        with ThreadPoolExecutor(n_threads, thread_name_prefix="podium-decode") as pool:
            list(pool.map(store, range(len(images))))
    else:
        for row in range(len(images)):
            store(row)
    return MemoryImages(as_text_array(names), pixels, values=values, sizes=sizes)


def median_side_of(images: Sequence[GivenImage]) -> float:
    """Median of the shorter sides of at most 200 images, in pixels; of files from their headers, 224 where none can."""
    rows = np.unique(np.linspace(0, len(images) - 1, _PROBED).astype(np.int64))
    sides = [min(size) for size in (_size_of(images[row]) for row in rows if len(images)) if size is not None]
    return float(np.median(sides)) if sides else 224.0


def _size_of(image: Any) -> tuple[int, int] | None:
    if isinstance(image, str | Path):
        return read_size(image)
    return tuple(image.shape[:2]) if isinstance(image, np.ndarray) else image.size


def _read(
    image: Any, name: str, target_px: int | None, limits: Limits, *, with_values: bool
) -> tuple[NDArray[np.uint8], _Values]:
    """Upright RGB of an image, and what it uses of its range of values."""
    if isinstance(image, str | Path):
        decoded = decode_file(image, limits=limits, target_px=target_px, with_facts=with_values)
        if decoded.pixels is None:
            raise ImageError(f"cannot be decoded: {decoded.outcome.value}, {decoded.reason}", where=image)
        facts = decoded.facts
        used = (facts.value_low, facts.value_high, facts.range_low, facts.range_high) if facts else _NO_VALUES
        return decoded.pixels, used
    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
            raise ImageError(
                f"image {name!r} is {image.dtype} of shape {image.shape}, expected uint8 RGB (H, W, 3).",
                fix=_how_to_convert(image),
            )
        return image, _NO_VALUES
    if not hasattr(image, "getbands"):
        raise ImageError(f"image {name!r} is a {type(image).__name__}, expected an array, a path or a Pillow image.")
    try:
        image.load()
        used = pillow_values(image, limits.value_range) if with_values else _NO_VALUES
        return upright_rgb(image, limits=limits), used
    except (OSError, SyntaxError, ValueError) as error:  # Pillow reads a file that it has opened only now
        raise ImageError(f"image {name!r} cannot be decoded: {error}.") from error


def _how_to_convert(image: NDArray[Any]) -> str | None:
    """What makes this array one that can be read."""
    if 0 in image.shape:
        return None
    if image.ndim == 3 and image.shape[2] > 4 and image.shape[0] in (1, 3, 4):
        return "Put the channels last: image.transpose(1, 2, 0)."
    if image.dtype != np.uint8:
        return "Scale the values to 0 to 255 and use .astype(np.uint8)."
    return "Give Pillow's image, whose colours are converted: Image.fromarray(image.squeeze())."
