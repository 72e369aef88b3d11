"""Finds images that a decoder filled up in silence where data were missing.

libjpeg fills with mid-grey when an end marker comes too early, zlib's end leaves the rest of a PNG black, and neither
tells. Both leave a trace in the last pixel, so the costly proof runs on the few files that show it. An interrupted
copy may also end in zeros, which are valid codes of some colour in a JPEG and in a PNG: the missing end marker tells.
WebP and AVIF have no end marker, but no encoder ends a tenth of a file in zeros: on flat images it was at most a
twentieth of a WebP, and none of an AVIF (2026-11-30). BMP, uncompressed TIFF and PPM store zeros as black, so that a
file that was filled up with them cannot be told from a picture with a black part.
"""

from __future__ import annotations

import io
import re
import struct
import zlib

from PIL import Image

__all__ = ["is_filled_up"]

_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_LEAST_ZEROS = 256
_EXIF = b"Exif"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def is_filled_up(data: bytes, image: Image.Image) -> bool:
    """Whether the end of a loaded image was invented by the decoder.

    Args:
        data: The file's bytes.
        image: The loaded image, as stored.

    Returns:
        True where a sequential JPEG or a PNG provably lacks data, or a WebP or AVIF ends in zeros. False for other
        formats, and for progressive JPEG, whose missing scans cost sharpness only.
    """
    if image.format in ("JPEG", "MPO"):
        is_padded = _ends_in_zeros_before(data, b"\xff\xd9", _start_of_scan(data))
        return is_padded or (_ends_in_mid_grey(image) and _jpeg_lacks_data(data))
    if image.format == "PNG":
        return _ends_in_zeros_before(data, b"IEND", 8) or (_ends_in_zero(image) and _png_lacks_data(data))
    if image.format in ("WEBP", "AVIF"):
        return _ends_in_many_zeros(data) and (
            _webp_ends_in_pixels(data) if image.format == "WEBP" else _EXIF not in data
        )
    return False


def _ends_in_many_zeros(data: bytes) -> bool:
    n_zeros = len(data) - len(data.rstrip(b"\0"))
    return n_zeros >= _LEAST_ZEROS and n_zeros * 10 >= len(data)


def _webp_ends_in_pixels(data: bytes) -> bool:
    """Whether the end of the file belongs to pixels, or to no chunk at all; metadata may be padded with zeros."""
    at = 12
    while at + 8 <= len(data):
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
        if kind == bytes(4) or at >= len(data):
            return kind in (bytes(4), b"VP8 ", b"VP8L", b"ALPH", b"ANMF")
    return False


def _ends_in_mid_grey(image: Image.Image) -> bool:
    return all(level in (127, 128) for level in _last_pixel(image))


def _ends_in_zero(image: Image.Image) -> bool:
    return not any(_last_pixel(image))


def _last_pixel(image: Image.Image) -> tuple[float, ...]:
    levels = image.getpixel((image.width - 1, image.height - 1))
    return levels if isinstance(levels, tuple) else (levels or 0,)


def _ends_in_zeros_before(data: bytes, end: bytes, start: int | None) -> bool:
    """Whether a file ends in zeros and its end marker nowhere follows `start`: so does a copy that was interrupted."""
    return start is not None and not data[-16:].strip(b"\0") and data.find(end, start) < 0


def _jpeg_lacks_data(data: bytes) -> bool:
    """Decodes again without the end marker, so that libjpeg asks for data instead of inventing them."""
    end = _end_of_single_scan(data)
    if end is None:
        return False
    # The Huffman decoder reads ahead: a whole image may ask for a few bytes it does not use.
    without_end = data[:end] + bytes(8)
    try:
        with Image.open(io.BytesIO(without_end), formats=["JPEG"]) as image:
            image.load()
    except Exception:
        return True
    return False


def _end_of_single_scan(data: bytes) -> int | None:
    """Where the entropy-coded bytes end, if the JPEG is sequential with one scan that the end marker ends."""
    start = _start_of_scan(data, sequential_only=True)
    if start is None:
        return None
    found = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]").search(data, start)
    return found.start() if found and found.group()[-1] == 0xD9 else None


def _start_of_scan(data: bytes, *, sequential_only: bool = False) -> int | None:
    """Where the entropy-coded bytes of the first scan begin."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xFF:
            at += 1
            continue
        if sequential_only and 0xC2 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return None  # progressive, lossless or arithmetic
        at += 2 + length
        if marker == 0xDA:
            return at
    return None


def _png_lacks_data(data: bytes) -> bool:
    width, height, bits, colour, _, _, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    bits_per_pixel = bits * _CHANNELS.get(colour, 1)
    passes = _ADAM7 if interlace else ((0, 0, 1, 1),)
    expected = 0
    for x0, y0, step_x, step_y in passes:
        columns, rows = -(-(width - x0) // step_x), -(-(height - y0) // step_y)
        if columns > 0 and rows > 0:
            expected += rows * (1 + (columns * bits_per_pixel + 7) // 8)
    return _inflated_length(data, expected) < expected


def _inflated_length(data: bytes, enough: int) -> int:
    """Bytes that the IDAT chunks inflate to, counted up to `enough` in pieces of 1 MiB."""
    inflater, total, at = zlib.decompressobj(), 0, 8
    try:
        while at + 8 <= len(data) and total < enough:
            length, kind = struct.unpack_from(">I4s", data, at)
            if kind == b"IDAT":
                piece = data[at + 8 : at + 8 + length]
                while piece and total < enough:
                    total += len(inflater.decompress(piece, 1 << 20))
                    piece = inflater.unconsumed_tail
            at += 12 + length
    except zlib.error:
        pass
    return total
