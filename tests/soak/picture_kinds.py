"""Images stored in every mode and format, beside what they should look like, computed in float64 from the numbers
that were stored and the definition of the format.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from .stored_pixels import exif_block, write_png, write_tiff

__all__ = ["TURNED", "UNDECODED", "UNTURNED", "Make", "Stored"]

Rng = np.random.Generator
Levels = NDArray[Any]
WHITE = 255.0
DEEP_ALPHA = 2.5
"""Levels for 16-bit colour with 16-bit alpha: Pillow keeps the upper byte of both, 1 level each, and then it rounds."""
CODEC_LOSS = 16.0
"""Levels that JPEG, lossy WebP and AVIF may lose of smooth images; were it more, nothing would be measured."""


@dataclass(frozen=True)
class Stored:
    """A file, and the picture in it.

    Attributes:
        data: The file.
        levels: The picture as stored, not turned upright, float64 (H, W, 3) on 0 to 255.
        tolerance: Levels that a decode may differ by.
        is_lossy: Whether the codec itself changes the picture.
    """

    data: bytes
    levels: Levels
    tolerance: float = 0.0
    is_lossy: bool = False


Make = Callable[[Rng, int], Stored]


def _grey(levels: Levels) -> Levels:
    return np.repeat(np.asarray(levels, dtype=np.float64).reshape(*levels.shape[:2], 1), 3, axis=2)


def _over_white(levels: Levels, alpha: Levels) -> Levels:
    """Composited on white; alpha (H, W) on 0 to 1."""
    share = np.asarray(alpha, dtype=np.float64)[:, :, None]
    return levels * share + WHITE * (1 - share)


def _draw(rng: Rng, top: int, n_channels: int = 1) -> NDArray[np.int64]:
    """Random samples 0 to top, both ends among them, of an odd size."""
    height, width = rng.integers(5, 24, size=2)
    samples = rng.integers(0, top + 1, (height, width, n_channels))
    samples[0, 0], samples[-1, -1] = 0, top
    return samples


def _png(bits: int, colour: int, *, transparent: bool = False, interlaced: bool = False) -> Make:
    top = 2**bits - 1

    def make(rng: Rng, orientation: int) -> Stored:
        n_channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
        samples = _draw(rng, top, n_channels)
        chunks: list[tuple[bytes, bytes]] = []
        alpha = np.ones(samples.shape[:2])
        if colour == 3:
            table, alphas = rng.integers(0, 256, (top + 1, 3)), rng.integers(0, 256, top + 1)
            chunks.append((b"PLTE", table.astype(np.uint8).tobytes()))
            levels = table[samples[:, :, 0]].astype(np.float64)
            if transparent:
                chunks.append((b"tRNS", alphas.astype(np.uint8).tobytes()))
                alpha = alphas[samples[:, :, 0]] / 255
        else:
            scaled = samples / top * 255
            levels = scaled[:, :, :3] if n_channels > 2 else _grey(scaled[:, :, :1])
            if colour in (4, 6):
                alpha = samples[:, :, -1] / top
            if transparent:
                key = samples[2, 2].copy()
                samples[3, 3] = key
                levels[3, 3] = levels[2, 2]
                chunks.append((b"tRNS", struct.pack(f">{n_channels}H", *key)))
                alpha = 1.0 - np.all(samples == key, axis=2)
        data = write_png(samples, bits, colour, *chunks, orientation=orientation, interlaced=interlaced)
        if bits == 16 and colour & 4:
            return Stored(data, _over_white(levels, alpha), DEEP_ALPHA)
        exact = bits <= 8 and not colour & 4 and not (colour == 3 and transparent)
        return Stored(data, _over_white(levels, alpha), 0.0 if exact else 1.0)

    return make


def _tiff(
    kind: str, n_channels: int = 1, *, photometric: int = 1, bits: int | None = None, span: float = 1.0, **options: Any
) -> Make:
    """`kind` is the numpy type of the samples; floats lie in 0 to `span`."""
    dtype = np.dtype(kind)

    def make(rng: Rng, orientation: int) -> Stored:
        if dtype.kind == "f":
            samples = _draw(rng, 10_000, n_channels) / 10_000 * span
            levels, sample_format = samples / span * 255, 3
        else:
            top = 2 ** (bits or dtype.itemsize * 8) - 1 if dtype.kind == "u" else int(np.iinfo(dtype).max)
            samples = _draw(rng, top, n_channels)
            levels, sample_format = samples / top * 255, 2 if dtype.kind == "i" else 1
        data = write_tiff(
            samples.astype(dtype),
            photometric=photometric,
            bits=bits,
            sample_format=sample_format,
            orientation=orientation,
            **options,
        )
        grey = _grey(levels) if n_channels == 1 else levels[:, :, :3]
        return Stored(data, 255 - grey if photometric == 0 else grey, 0.0 if dtype.itemsize == 1 else 1.0)

    return make


def _tiff_alpha(n_channels: int, extra: int, dtype: str = "u1", **options: Any) -> Make:
    """Grey or RGB with a last channel of alpha (2), premultiplied alpha (1) or nothing (0)."""
    top = int(np.iinfo(dtype).max)

    def make(rng: Rng, orientation: int) -> Stored:
        samples = _draw(rng, top, n_channels)
        if extra == 1:
            samples[:, :, :-1] = samples[:, :, :-1] * samples[:, :, -1:] // top
        levels, alpha = samples[:, :, :-1] / top * 255, samples[:, :, -1] / top
        levels = levels if n_channels == 4 else _grey(levels)
        shown = {0: levels, 1: levels + WHITE * (1 - alpha[:, :, None]), 2: _over_white(levels, alpha)}[extra]
        photometric = 2 if n_channels == 4 else 1
        data = write_tiff(
            samples.astype(dtype), photometric=photometric, extra=extra, orientation=orientation, **options
        )
        return Stored(data, shown, DEEP_ALPHA if top > 255 else 1.0)

    return make


def _tiff_palette(bits: int) -> Make:
    def make(rng: Rng, orientation: int) -> Stored:
        table = rng.integers(0, 256, (2**bits, 3))
        samples = _draw(rng, 2**bits - 1)
        data = write_tiff(
            samples.astype(np.uint8), photometric=3, bits=bits, palette=table * 257, orientation=orientation
        )
        return Stored(data, table[samples[:, :, 0]].astype(np.float64))

    return make


def _tiff_cmyk(rng: Rng, orientation: int) -> Stored:
    inks = _draw(rng, 255, 4)
    data = write_tiff(inks.astype(np.uint8), photometric=5, orientation=orientation)
    return Stored(data, (255.0 - inks[:, :, :3]) * (255.0 - inks[:, :, 3:]) / 255, 1.0)


def _smooth(rng: Rng, n_channels: int) -> NDArray[np.uint8]:
    """Random colours that flow into each other: little is lost, also where colour is stored at half the size."""
    grid = rng.integers(0, 256, (3, 3, n_channels)).astype(np.float64)
    for axis in (0, 1):
        n_pixels = int(rng.integers(50, 90))
        place = np.linspace(0, 2, n_pixels)
        low = np.minimum(place.astype(int), 1)
        share = (place - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        grid = np.take(grid, low, axis) * (1 - share) + np.take(grid, low + 1, axis) * share
    return np.rint(grid).astype(np.uint8)


def _saved(image: Image.Image, kind: str, orientation: int, **options: Any) -> bytes:
    buffer = io.BytesIO()
    exif = {"exif": (b"Exif\0\0" if kind == "JPEG" else b"") + exif_block(orientation)} if orientation != 1 else {}
    image.save(buffer, kind, **exif, **options)
    return buffer.getvalue()


def _loss_of(data: bytes, levels: Levels) -> float:
    """What the codec lost, by OpenCV's decoder; its own alpha and turning left aside."""
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    loss = CODEC_LOSS if decoded is None else float(np.abs(decoded[:, :, ::-1].astype(float) - levels).max())
    return min(loss, CODEC_LOSS) + 1


def _lossy(kind: str, mode: str = "RGB", **options: Any) -> Make:
    def make(rng: Rng, orientation: int) -> Stored:
        levels = _smooth(rng, 1 if mode == "L" else 3)
        image = Image.fromarray(levels[:, :, 0] if mode == "L" else levels)
        data = _saved(image, kind, orientation, **options)
        expected = _grey(levels) if mode == "L" else levels.astype(np.float64)
        return Stored(data, expected, _loss_of(data, expected), is_lossy=True)

    return make


def _jpeg_cmyk(rng: Rng, orientation: int) -> Stored:
    inks = _smooth(rng, 4)
    data = _saved(Image.fromarray(inks, "CMYK"), "JPEG", orientation, quality=100, subsampling=0)
    return Stored(data, (255.0 - inks[:, :, :3]) * (255.0 - inks[:, :, 3:]) / 255, 3.0, is_lossy=True)


def _with_alpha(kind: str, mode: str, **options: Any) -> Make:
    """RGBA through a codec that keeps every bit."""

    def make(rng: Rng, orientation: int) -> Stored:
        samples = _draw(rng, 255, len(mode)).astype(np.uint8)
        data = _saved(Image.fromarray(samples), kind, orientation, **options)
        levels = samples[:, :, :3].astype(np.float64)
        if mode == "RGB":
            return Stored(data, levels)
        return Stored(data, _over_white(levels, samples[:, :, 3] / 255), 1.0)

    return make


def _plain(kind: str, mode: str, *, transparent: bool = False) -> Make:
    """Grey, palette or 1-bit in BMP and GIF, which carry no orientation."""

    def make(rng: Rng, _orientation: int) -> Stored:
        samples = _draw(rng, 1 if mode == "1" else 255)[:, :, 0].astype(np.uint8)
        table = rng.integers(0, 256, (256, 3), dtype=np.uint8)
        image = Image.fromarray(samples.astype(bool) if mode == "1" else samples)
        levels = _grey(samples * (255 if mode == "1" else 1))
        if mode == "P":
            image.putpalette(table.tobytes())
            levels = table[samples].astype(np.float64)
        options = {"transparency": int(samples[2, 2])} if transparent else {}
        if transparent:
            levels[samples == samples[2, 2]] = WHITE
        return Stored(_saved(image, kind, 1, **options), levels)

    return make


# Kinds that carry an orientation, and kinds that do not.
TURNED: dict[str, Make] = {
    **{f"PNG grey {bits}": _png(bits, 0) for bits in (1, 2, 4, 8, 16)},
    **{f"PNG grey {bits}, a transparent level": _png(bits, 0, transparent=True) for bits in (1, 2, 4, 8, 16)},
    **{f"PNG RGB {bits}": _png(bits, 2) for bits in (8, 16)},
    **{f"PNG RGB {bits}, a transparent colour": _png(bits, 2, transparent=True) for bits in (8, 16)},
    **{f"PNG palette {bits}": _png(bits, 3) for bits in (1, 2, 4, 8)},
    **{f"PNG palette {bits}, transparent": _png(bits, 3, transparent=True) for bits in (1, 2, 4, 8)},
    **{f"PNG grey and alpha {bits}": _png(bits, 4) for bits in (8, 16)},
    **{f"PNG RGB and alpha {bits}": _png(bits, 6) for bits in (8, 16)},
    **{f"PNG interlaced {name}": _png(*kind, interlaced=True) for name, kind in
       {"RGB": (8, 2), "grey 16": (16, 0), "grey 1": (1, 0), "RGB and alpha": (8, 6)}.items()},
    **{f"TIFF grey {bits}": _tiff("u1", bits=bits) for bits in (1, 2, 4, 8)},
    **{f"TIFF grey {bits}, white is 0": _tiff("u1", bits=bits, photometric=0) for bits in (1, 4, 8)},
    **{f"TIFF {kind}{' big' * big}": _tiff(kind, big_endian=bool(big))
       for kind in ("u2", "u4", "i4", "i2", "f4") for big in (0, 1) if (kind, big) != ("u4", 1)},
    "TIFF u2, white is 0": _tiff("u2", photometric=0),
    "TIFF float to 255": _tiff("f4", span=255.0),
    "TIFF float to 65535": _tiff("f4", span=65535.0),
    "TIFF RGB": _tiff("u1", 3, photometric=2),
    "TIFF RGB 16": _tiff("u2", 3, photometric=2),
    "TIFF RGB 16 big": _tiff("u2", 3, photometric=2, big_endian=True),
    "TIFF RGB in planes": _tiff("u1", 3, photometric=2, planar=True),
    "TIFF RGB deflated": _tiff("u1", 3, photometric=2, compression="deflate"),
    "TIFF RGB PackBits": _tiff("u1", 3, photometric=2, compression="packbits"),
    "TIFF u2 deflated": _tiff("u2", compression="deflate"),
    "TIFF grey and alpha": _tiff_alpha(2, 2),
    "TIFF RGB and alpha": _tiff_alpha(4, 2),
    "TIFF RGB and alpha 16": _tiff_alpha(4, 2, "u2"),
    "TIFF RGB and premultiplied alpha": _tiff_alpha(4, 1),
    "TIFF RGB and nothing": _tiff_alpha(4, 0),
    "TIFF palette 8": _tiff_palette(8),
    "TIFF palette 4": _tiff_palette(4),
    "TIFF CMYK": _tiff_cmyk,
    "JPEG": _lossy("JPEG", quality=100, subsampling=0),
    "JPEG 4:2:0": _lossy("JPEG", quality=95),
    "JPEG grey": _lossy("JPEG", "L", quality=95),
    "JPEG progressive": _lossy("JPEG", quality=95, progressive=True),
    "JPEG CMYK": _jpeg_cmyk,
    "WebP": _lossy("WEBP", quality=100),
    "WebP lossless": _with_alpha("WEBP", "RGB", lossless=True),
    "WebP lossless and alpha": _with_alpha("WEBP", "RGBA", lossless=True, exact=True),
}  # fmt: skip
if features.check("avif"):
    TURNED["AVIF"] = _lossy("AVIF", quality=100, subsampling="4:4:4", speed=10)
UNTURNED: dict[str, Make] = {
    **{f"{kind} {mode}": _plain(kind, mode) for kind in ("BMP", "GIF") for mode in ("1", "L", "P")},
    "GIF transparent": _plain("GIF", "P", transparent=True),
    "BMP RGB": lambda rng, _: _with_alpha("BMP", "RGB")(rng, 1),
}
UNDECODED: dict[str, Make] = {
    "TIFF u4 big": _tiff("u4", big_endian=True),
    "TIFF double": _tiff("f8"),
    "TIFF half": _tiff("f2"),
    "TIFF RGB float": _tiff("f4", 3, photometric=2),
    "TIFF CIE Lab": _tiff("u1", 3, photometric=8),
}
"""Kinds that are refused by name; what would be wrong is an image that nobody stored."""
