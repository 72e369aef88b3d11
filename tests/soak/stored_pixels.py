"""PNG and TIFF files written by hand, so that what is stored in them is known without asking an image library."""

from __future__ import annotations

import struct
import zlib
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["exif_block", "write_png", "write_tiff"]

_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
_ORIENTATION = 274

Compression = Literal["none", "deflate", "packbits"]


def exif_block(orientation: int) -> bytes:
    """An EXIF block that holds the orientation and nothing else."""
    return b"II\x2a\x00" + struct.pack("<IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)


def _pack(rows: NDArray[np.integer[Any]], bits: int) -> list[bytes]:
    """Samples (H, n) as the bytes of each row, the first sample in the highest bits."""
    if bits == 16:
        return [row.astype(">u2").tobytes() for row in rows]
    if bits == 8:
        return [row.astype(np.uint8).tobytes() for row in rows]
    per_bit = (rows[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
    return [np.packbits(row.ravel().astype(np.uint8)).tobytes() for row in per_bit]


def write_png(
    samples: NDArray[np.integer[Any]],
    bits: int,
    colour: int,
    *chunks: tuple[bytes, bytes],
    orientation: int = 1,
    interlaced: bool = False,
) -> bytes:
    """A PNG of samples (H, W, C). `colour` is the format's colour type; `chunks` stand before the pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width = samples.shape[:2]
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    lines = []
    for top, left, down, right in passes:
        part = samples[top::down, left::right]
        if part.size:
            lines += [b"\0" + line for line in _pack(part.reshape(len(part), -1), bits)]
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced))
    exif = [(b"eXIf", exif_block(orientation))] if orientation != 1 else []
    parts = [(b"IHDR", header), *chunks, *exif, (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def _packbits(raw: bytes) -> bytes:
    """Literal runs only, which every reader of PackBits must take."""
    runs = [raw[at : at + 128] for at in range(0, len(raw), 128)]
    return b"".join(bytes([len(run) - 1]) + run for run in runs)


def write_tiff(
    samples: NDArray[Any],
    *,
    photometric: int,
    bits: int | None = None,
    sample_format: int = 1,
    extra: int | None = None,
    palette: NDArray[np.integer[Any]] | None = None,
    compression: Compression = "none",
    big_endian: bool = False,
    planar: bool = False,
    orientation: int = 1,
) -> bytes:
    """A TIFF of samples (H, W, C), a strip for the whole image or, if planar, for each channel.

    Args:
        samples: Their type is stored as it is; with `bits` below 8 they are packed.
        photometric: What the samples mean, by the format's numbers.
        bits: Bits a sample; those of the type where None.
        sample_format: 1 unsigned, 2 signed, 3 float.
        extra: What the last channel is: 0 nothing, 1 premultiplied alpha, 2 alpha.
        palette: Colours (n, 3) of 16 bits.
        compression: How the strips are packed.
        big_endian: Byte order.
        planar: One strip a channel.
        orientation: EXIF orientation.
    """
    order = ">" if big_endian else "<"
    height, width, n_channels = samples.shape
    bits = bits or samples.dtype.itemsize * 8
    planes = [samples[:, :, [place]] for place in range(n_channels)] if planar else [samples]
    strips = [_strip(plane, bits, order, compression) for plane in planes]
    entries: dict[int, tuple[str, tuple[int, ...]]] = {
        256: ("I", (width,)),
        257: ("I", (height,)),
        258: ("H", (bits,) * n_channels),
        259: ("H", ({"none": 1, "deflate": 8, "packbits": 32773}[compression],)),
        262: ("H", (photometric,)),
        _ORIENTATION: ("H", (orientation,)),
        277: ("H", (n_channels,)),
        278: ("I", (height,)),
        284: ("H", (2 if planar else 1,)),
        339: ("H", (sample_format,) * n_channels),
    }
    if extra is not None:
        entries[338] = ("H", (extra,))
    if palette is not None:
        entries[320] = ("H", tuple(int(level) for level in palette.T.ravel()))
    offsets, at = [], 8
    for strip in strips:
        offsets.append(at)
        at += len(strip)
    entries[273] = ("I", tuple(offsets))
    entries[279] = ("I", tuple(map(len, strips)))
    return _assemble(order, b"".join(strips), entries)


def _strip(plane: NDArray[Any], bits: int, order: str, compression: Compression) -> bytes:
    rows = plane.reshape(len(plane), -1)
    lines = _pack(rows, bits) if bits < 8 else [row.astype(row.dtype.newbyteorder(order)).tobytes() for row in rows]
    if compression == "packbits":
        return b"".join(map(_packbits, lines))  # a row's runs end with the row
    return zlib.compress(b"".join(lines)) if compression == "deflate" else b"".join(lines)


def _assemble(order: str, body: bytes, entries: dict[int, tuple[str, tuple[int, ...]]]) -> bytes:
    body += bytes(len(body) % 2)
    directory = struct.pack(f"{order}H", len(entries))
    start = 8 + len(body)
    after = start + 2 + 12 * len(entries) + 4
    long_values = b""
    for tag, (kind, values) in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(packed) > 4:
            place = struct.pack(f"{order}I", after + len(long_values))
            long_values += packed + bytes(len(packed) % 2)
        else:
            place = packed.ljust(4, b"\0")
        directory += struct.pack(f"{order}HHI", tag, {"H": 3, "I": 4}[kind], len(values)) + place
    mark = b"MM\x00\x2a" if order == ">" else b"II\x2a\x00"
    return mark + struct.pack(f"{order}I", start) + body + directory + bytes(4) + long_values
