"""Odd but valid files, built by hand: decoded as their format's formula says, or refused by name."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, features

from podium.images import Outcome, decode_bytes

RNG = np.random.default_rng(0)
MINIMUM_IS_BLACK, RGB, CMYK = 1, 2, 5
ASSOCIATED, STRAIGHT = 1, 2


def make_tiff(
    pixels: NDArray[Any], photometric: int, *, bits: int = 8, extra: int | None = None, in_planes: bool = False
) -> bytes:
    """An uncompressed little-endian TIFF of pixels (H, W, C)."""
    height, width, n_channels = pixels.shape
    stored = pixels.astype("<u2" if bits == 16 else "u1")
    planes = [stored[:, :, i].tobytes() for i in range(n_channels)] if in_planes else [stored.tobytes()]
    tags = {
        256: ("H", [width]),
        257: ("H", [height]),
        258: ("H", [bits] * n_channels),
        259: ("H", [1]),
        262: ("H", [photometric]),
        273: ("I", [0] * len(planes)),
        277: ("H", [n_channels]),
        278: ("H", [height]),
        279: ("I", [len(plane) for plane in planes]),
        284: ("H", [2 if in_planes else 1]),
    } | ({} if extra is None else {338: ("H", [extra])})
    values_at = 8 + 2 + 12 * len(tags) + 4
    long = [tag for tag, (kind, items) in tags.items() if struct.calcsize(f"<{len(items)}{kind}") > 4]
    sizes = {tag: struct.calcsize(f"<{len(tags[tag][1])}{tags[tag][0]}") for tag in long}
    start = values_at + sum(sizes.values())
    tags[273] = ("I", [start + sum(map(len, planes[:place])) for place in range(len(planes))])
    entries, values = b"", b""
    for tag, (kind, items) in tags.items():
        raw = struct.pack(f"<{len(items)}{kind}", *items)
        entries += struct.pack("<HHI", tag, 3 if kind == "H" else 4, len(items))
        entries += struct.pack("<I", values_at + len(values)) if tag in long else raw.ljust(4, b"\0")
        values += raw if tag in long else b""
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + values + b"".join(planes)


def make_bmp(bits: NDArray[Any], masks: tuple[int, ...]) -> bytes:
    """A BMP of 16 bits a pixel, (H, W), with bit fields where there are masks."""
    height, width = bits.shape
    body = bits.astype("<u2")[::-1].tobytes()
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 16, 3 if masks else 0, len(body), 0, 0, 0, 0)
    header += struct.pack(f"<{len(masks)}I", *masks)
    return b"BM" + struct.pack("<IHHI", 14 + len(header) + len(body), 0, 0, 14 + len(header)) + header + body


def pixels_of(data: bytes) -> NDArray[np.int64]:
    decoded = decode_bytes(data)
    assert decoded.pixels is not None, decoded.reason
    return decoded.pixels.astype(np.int64)


def over_white(colour: NDArray[Any], alpha: NDArray[Any]) -> NDArray[np.int64]:
    return np.broadcast_to((colour * alpha + 255 * (255 - alpha) + 127) // 255, (*alpha.shape[:2], 3))


def test_grey_with_alpha_is_composited_and_an_undeclared_channel_ignored() -> None:
    grey, alpha = RNG.integers(0, 256, (5, 7, 1)), RNG.integers(0, 256, (5, 7, 1))
    both = np.dstack([grey, alpha])
    assert np.array_equal(pixels_of(make_tiff(both, MINIMUM_IS_BLACK, extra=STRAIGHT)), over_white(grey, alpha))
    assert np.array_equal(pixels_of(make_tiff(both, MINIMUM_IS_BLACK, extra=0)), np.repeat(grey, 3, axis=2))
    nowhere = np.dstack([grey, 0 * alpha])
    assert (pixels_of(make_tiff(nowhere, MINIMUM_IS_BLACK, extra=STRAIGHT)) == 255).all()
    premultiplied = np.dstack([(grey * alpha + 127) // 255, alpha])
    wanted = (grey * alpha + 127) // 255 + 255 - alpha
    assert np.abs(pixels_of(make_tiff(premultiplied, MINIMUM_IS_BLACK, extra=ASSOCIATED)) - wanted).max() <= 1


@pytest.mark.parametrize("in_planes", [False, True])
@pytest.mark.parametrize(("photometric", "n_channels"), [(RGB, 3), (CMYK, 4)])
def test_channels_in_planes_are_right_or_refused(in_planes: bool, photometric: int, n_channels: int) -> None:
    values = RNG.integers(0, 65536, (5, 7, n_channels))
    eight = values >> 8
    ink = eight / 255
    wanted = eight if photometric == RGB else 255 * (1 - ink[:, :, :3]) * (1 - ink[:, :, 3:])
    assert np.abs(pixels_of(make_tiff(eight, photometric, in_planes=in_planes)) - wanted).max() <= 0.51
    sixteen = make_tiff(values, photometric, bits=16, in_planes=in_planes)
    if in_planes:
        decoded = decode_bytes(sixteen)
        assert decoded.outcome is Outcome.UNSUPPORTED_FORMAT
        assert "separate planes" in decoded.reason
    else:
        assert np.abs(pixels_of(sixteen) - wanted).max() <= 1.01


@pytest.mark.parametrize(
    ("widths", "masks"), [((5, 5, 5), (0x7C00, 0x3E0, 0x1F)), ((5, 5, 5), ()), ((5, 6, 5), (0xF800, 0x7E0, 0x1F))]
)
def test_bmp_of_15_and_16_bits_is_scaled_to_bytes(widths: tuple[int, int, int], masks: tuple[int, ...]) -> None:
    highest = np.array([2**width - 1 for width in widths])
    values = RNG.integers(0, highest + 1, (4, 6, 3))
    bits = (values[:, :, 0] << (widths[1] + 5)) | (values[:, :, 1] << 5) | values[:, :, 2]
    assert np.abs(pixels_of(make_bmp(bits, masks)) - values * 255 / highest).max() <= 1


def test_bit_fields_in_another_order_and_huffman_coding_are_refused() -> None:
    assert decode_bytes(make_bmp(np.ones((4, 6)), (0x1F, 0x3E0, 0x7C00))).outcome is Outcome.UNSUPPORTED_FORMAT
    header = struct.pack("<IiiHHIIiiII", 64, 8, 8, 1, 1, 3, 8, 0, 0, 2, 2) + bytes(24) + b"\0\0\0\xff\xff\xff"
    start = 14 + len(header)
    huffman = b"BM" + struct.pack("<IHHI", start + 8, 0, 0, start) + header + b"\x35" * 8
    assert decode_bytes(huffman).outcome is Outcome.UNSUPPORTED_FORMAT


def test_a_gif_frame_that_is_larger_than_its_canvas_is_whole() -> None:
    grey = RNG.integers(0, 256, (8, 10)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "GIF")
    data = bytearray(buffer.getvalue())
    struct.pack_into("<HH", data, 6, 6, 5)
    assert np.array_equal(pixels_of(bytes(data))[:, :, 0], grey)


def test_gamma_is_ignored() -> None:
    buffer = io.BytesIO()
    pixels = RNG.integers(0, 256, (5, 7, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    data, body = buffer.getvalue(), b"gAMA" + struct.pack(">I", 100_000)
    with_gamma = data[:33] + struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body)) + data[33:]
    assert np.array_equal(pixels_of(with_gamma), pixels)


@pytest.mark.parametrize(("kind", "options"), [("AVIF", {"quality": 100}), ("WEBP", {"lossless": True, "exact": True})])
def test_alpha_of_avif_and_webp_is_composited(kind: str, options: dict[str, object]) -> None:
    if not features.check(kind.lower()):
        pytest.skip(f"this Pillow has no {kind}")
    alpha = np.repeat(np.arange(16)[None, :, None] * 17, 16, axis=0)
    colour = np.full((16, 16, 3), 200)
    buffer = io.BytesIO()
    Image.fromarray(np.dstack([colour, alpha]).astype(np.uint8)).save(buffer, kind, **options)
    assert np.abs(pixels_of(buffer.getvalue()) - over_white(colour, alpha)).max() <= 2
