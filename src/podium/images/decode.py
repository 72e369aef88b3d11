"""The one decode: bytes of a file in, upright RGB pixels or a named outcome out, never an exception.

Audit, cache, training, prediction and thumbnails all come through here, so what one of them sees is what all see.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# The plugins register themselves with Pillow; loading them here keeps that out of the worker threads.
from PIL import (
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    JpegImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    PpmImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
    features,
)

from podium.errors import UsageError
from podium.images.colour import has_alpha, scale_transparent_colour, to_rgb
from podium.images.completeness import is_filled_up
from podium.images.container import sniff_foreign_format, sniff_format
from podium.images.deep_colour import is_deep_colour, refuse_deep_planes, scale_deep_colour
from podium.images.facts import ImageFacts
from podium.images.failure import SHORTAGES, Refusal, name_failure, shortage_of
from podium.images.orientation import read_orientation, turn_upright
from podium.images.outcome import Decoded, Outcome
from podium.images.phash import hash_grey, to_grey
from podium.images.quiet import silence_decoders
from podium.images.value_use import measure_values
from podium.listing import count_of

if features.check("avif"):
    from PIL import AvifImagePlugin  # noqa: F401

__all__ = ["Limits", "decode_bytes", "decode_file", "upright_rgb"]

_PILLOW_MAX_PIXELS = 178_956_970
# The short side that DCT-scaled decoding keeps at least: enough for the hash and for targets up to 256 px.
_SHORT_SIDE_PX = 512


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may ask for before it is refused.

    Attributes:
        max_pixels: Width times height that the header may declare, at most 178,956,970 (Pillow's own ceiling).
        max_bytes: Size of the file.
        background: RGB that transparent pixels are composited on.
        value_range: The values of images of more than 8 bits that become black and white; None takes the declared
            range, see `podium.images.colour`.
    """

    max_pixels: int = _PILLOW_MAX_PIXELS
    max_bytes: int = 512 * 1024**2
    background: tuple[int, int, int] = (255, 255, 255)
    value_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.max_pixels <= _PILLOW_MAX_PIXELS:
            raise UsageError(f"max_pixels is {self.max_pixels}: expected 1 to {_PILLOW_MAX_PIXELS}.")
        if self.max_bytes < 1:
            raise UsageError(f"max_bytes is {self.max_bytes}: expected at least 1.")
        if self.value_range is not None and not self.value_range[0] < self.value_range[1]:
            raise UsageError(f"value_range is {self.value_range}: expected two numbers, the smaller one first.")


def decode_file(
    path: str | os.PathLike[str],
    *,
    limits: Limits = Limits(),
    target_px: int | None = None,
    with_facts: bool = True,
) -> Decoded:
    """The upright RGB image in a file, or why there is none. No content of a file raises anything.

    Args:
        path: Path in the file system, exactly as the operating system gave it (surrogate escapes included).
        limits: Refuse files beyond these.
        target_px: See `decode_bytes`.
        with_facts: See `decode_bytes`.

    Returns:
        As `decode_bytes`, with the further outcomes MISSING, UNREADABLE and TOO_MANY_BYTES.

    Raises:
        ShortageError: If the system cannot open any file now, which says nothing about this one.

    Example:
        >>> decode_file("nowhere/cat.jpg").outcome
        <Outcome.MISSING: 'missing'>
    """
    try:
        data = _read(Path(path), limits.max_bytes)
    except Refusal as refusal:
        return Decoded(None, refusal.outcome, refusal.reason)
    return decode_bytes(data, limits=limits, target_px=target_px, with_facts=with_facts)


def decode_bytes(
    data: bytes,
    *,
    limits: Limits = Limits(),
    target_px: int | None = None,
    with_facts: bool = True,
) -> Decoded:
    """The upright RGB image in the bytes of a file, or why there is none. Raises nothing for any bytes.

    JPEG (and MPO), PNG, BMP, GIF, TIFF, WebP, AVIF and PPM (with PGM and PBM); of several frames the first. How each
    mode becomes RGB is written in `podium.images.colour`.

    Args:
        data: The whole file.
        limits: Refuse files beyond these.
        target_px: The longer side the caller will shrink the image to. Allows JPEG to be decoded at 1/2, 1/4 or 1/8,
            with the shorter side at least 512 and at least twice the target. Outcome and facts do not change.
        with_facts: Whether to compute `facts`. They always come from the same scale: a JPEG of which both sides
            exceed 1023 is decoded a second time, small, if the pixels wanted are of another scale.

    Returns:
        Pixels with outcome OK, or no pixels with the outcome and the reason.

    Example:
        >>> decode_bytes(b"hello").outcome
        <Outcome.NOT_AN_IMAGE: 'not_an_image'>
    """
    silence_decoders()
    import cv2  # noqa: F401 - needed below; where it cannot be loaded, the file is not to blame

    try:
        return _decode(data, limits, target_px, with_facts)
    except Refusal as refusal:
        return Decoded(None, refusal.outcome, refusal.reason)
    except Exception as error:
        outcome, reason = name_failure(data, error)
        return Decoded(None, outcome, reason)


def upright_rgb(image: Image.Image, *, limits: Limits = Limits()) -> NDArray[np.uint8]:
    """Upright RGB pixels (H, W, 3) of an image that Pillow has opened or made, as `decode_file` gives them.

    Pillow holds colour of 16 bits a channel as 8 bits, which no value range scales any more.
    """
    image.load()
    return turn_upright(to_rgb(image, limits.background, limits.value_range), read_orientation(image))


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        status = path.stat()
        # A pipe or a device would block or never end.
        if not stat.S_ISREG(status.st_mode):
            raise Refusal(Outcome.UNREADABLE, "not a regular file")
        if status.st_size > max_bytes:
            raise Refusal(Outcome.TOO_MANY_BYTES, f"{status.st_size} bytes, the limit is {max_bytes}")
        return path.read_bytes()
    except MemoryError:
        raise Refusal(Outcome.OUT_OF_MEMORY, "out of memory while reading the file") from None
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise Refusal(Outcome.MISSING, "no such file") from None
        if error.errno in SHORTAGES:
            raise shortage_of(error) from error
        raise Refusal(Outcome.UNREADABLE, error.strerror or str(error)) from None
    except ValueError as error:  # a NUL in the path
        raise Refusal(Outcome.MISSING, str(error)) from None


def _decode(data: bytes, limits: Limits, target_px: int | None, with_facts: bool) -> Decoded:
    image, kind = _open(data, limits)
    declared, stored_mode, alpha = image.size, image.mode, has_alpha(image)
    wanted = None if target_px is None else max(_SHORT_SIDE_PX, 2 * target_px)
    pixels, orientation, alpha = _load(data, image, wanted, limits)
    if not with_facts:
        return Decoded(pixels, Outcome.OK)
    small = pixels
    if _draft_scale(image_format=kind, size=declared, short_side=wanted) != _draft_scale(
        image_format=kind, size=declared, short_side=_SHORT_SIDE_PX
    ):
        small, _, _ = _load(data, _open(data, limits)[0], _SHORT_SIDE_PX, limits)
    # Pillow turns TIFF itself, and with it the size it declares, so that only the others change here.
    width, height = declared if orientation < 5 or kind == "TIFF" else declared[::-1]
    grey = to_grey(small)
    facts = ImageFacts(
        sha256=hashlib.sha256(data).hexdigest(),
        n_bytes=len(data),
        width=width,
        height=height,
        mode=stored_mode,
        format=image.format or kind,
        orientation=orientation,
        phash=hash_grey(grey),
        brightness=_mean_level(grey),
        has_alpha=alpha,
        n_frames=_count_frames(data, kind, image),
        **measure_values(image, data, limits.value_range),
    )
    return Decoded(pixels, Outcome.OK, "", facts)


def _open(data: bytes, limits: Limits) -> tuple[Image.Image, str]:
    """The image with its header read and its size accepted; nothing decoded yet."""
    if not data:
        raise Refusal(Outcome.EMPTY, "the file is empty")
    if len(data) > limits.max_bytes:
        raise Refusal(Outcome.TOO_MANY_BYTES, f"{count_of(len(data), 'byte')}, the limit is {limits.max_bytes}")
    kind = sniff_format(data)
    if kind is None:
        foreign = sniff_foreign_format(data)
        if foreign is not None:
            raise Refusal(Outcome.UNSUPPORTED_FORMAT, f"{foreign} files are not supported")
        raise Refusal(Outcome.NOT_AN_IMAGE, f"begins with {data[:8]!r}, which no image format does")
    if kind not in Image.OPEN:
        raise Refusal(Outcome.UNSUPPORTED_FORMAT, f"this build of Pillow has no {kind}")
    image = Image.open(io.BytesIO(data), formats=[kind])
    n_pixels = image.width * image.height
    if n_pixels > limits.max_pixels:
        raise Refusal(
            Outcome.TOO_LARGE, f"{image.width}x{image.height} is {n_pixels} pixels, the limit is {limits.max_pixels}"
        )
    return image, kind


def _load(
    data: bytes, image: Image.Image, short_side: int | None, limits: Limits
) -> tuple[NDArray[np.uint8], int, bool]:
    """Upright RGB pixels (H, W, 3), the orientation and whether there is alpha."""
    orientation = read_orientation(image) if image.format == "TIFF" else 1
    if short_side is not None:
        image.draft(None, (short_side, short_side))
    refuse_deep_planes(image)
    image.load()
    scale_transparent_colour(image, data)
    if is_filled_up(data, image):
        raise Refusal(Outcome.TRUNCATED, "the image data ends too early")
    alpha = has_alpha(image)
    if limits.value_range is not None and is_deep_colour(image, data):
        stored = image.size if image.format == "PNG" or orientation < 5 else image.size[::-1]
        pixels = scale_deep_colour(data, stored, limits.background, limits.value_range)
        orientation = orientation if image.format == "TIFF" else read_orientation(image)
        return turn_upright(pixels, orientation), orientation, alpha
    pixels = to_rgb(image, limits.background, limits.value_range)
    if image.format != "TIFF":
        orientation = read_orientation(image)
        pixels = turn_upright(pixels, orientation)
    return pixels, orientation, alpha


def _draft_scale(*, image_format: str, size: tuple[int, int], short_side: int | None) -> int:
    """By how much Pillow's draft mode shrinks a JPEG of this size."""
    if image_format != "JPEG" or short_side is None:
        return 1
    return next((scale for scale in (8, 4, 2) if min(size) // short_side >= scale), 1)


def _mean_level(grey: NDArray[np.uint8]) -> float:
    """Mean of a grey image (H, W), 0 (black) to 1 (white)."""
    import cv2  # only here, so that listing files does not wait for it

    return float(cv2.sumElems(grey)[0]) / (255 * grey.size)  # a sum of whole numbers, thrice as quick as numpy's


def _count_frames(data: bytes, kind: str, image: Image.Image) -> int:
    try:
        if kind in ("GIF", "TIFF"):
            # Counting moves through the file, which the decoded image must not.
            image = Image.open(io.BytesIO(data), formats=[kind])
        return int(getattr(image, "n_frames", 1))
    except Exception:  # a later frame is broken; the first, which is used, is not
        return 1
