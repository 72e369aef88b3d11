"""Every stored mode against the arrays it was made from."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from podium.images import Limits, Outcome, decode_bytes

RNG = np.random.default_rng(7)
GREY = RNG.integers(0, 256, (13, 17), dtype=np.uint8)
RGB = RNG.integers(0, 256, (13, 17, 3), dtype=np.uint8)
ALPHA = RNG.integers(0, 256, (13, 17, 1), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (13, 17), dtype=np.uint16)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def encode_tiff(samples: np.ndarray, *, photometric: int = 1, sample_format: int = 1, bits: int | None = None) -> bytes:
    """A minimal uncompressed little-endian TIFF of one grey strip, written by hand."""
    height, width = samples.shape
    raw = samples.tobytes()
    entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, bits or samples.itemsize * 8),
        (259, 3, 1),
        (262, 3, photometric),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, len(raw)),
        (339, 3, sample_format),
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in entries)
    return b"II\x2a\x00" + struct.pack("<I", 8 + len(raw)) + raw + directory + bytes(4)


def encode_png(rows: list[bytes], width: int, bits: int, colour: int, *extra: tuple[bytes, bytes]) -> bytes:
    """A PNG written chunk by chunk, for what Pillow does not write."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, len(rows), bits, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = [(b"IHDR", header), *extra, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in chunks)


def over(rgb: np.ndarray, alpha: np.ndarray, background: tuple[int, int, int] = (255, 255, 255)) -> np.ndarray:
    share = alpha.astype(np.float64) / 255
    return rgb * share + np.array(background) * (1 - share)


def as_rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(np.asarray(grey)[:, :, None], 3, axis=2)


def assert_pixels(data: bytes, expected: np.ndarray, tolerance: float = 1.0, **options: Any) -> None:
    result = decode_bytes(data, **options)
    assert result.outcome is Outcome.OK, result.reason
    assert result.pixels is not None
    assert result.pixels.dtype == np.uint8
    assert result.pixels.flags.c_contiguous
    assert result.pixels.shape == expected.shape
    worst = np.abs(result.pixels.astype(np.float64) - expected).max()
    assert worst <= tolerance


LOSSLESS = ["PNG", "BMP", "TIFF"]


@pytest.mark.parametrize("kind", [*LOSSLESS, "GIF"])
def test_grey_is_exact(kind: str) -> None:
    assert_pixels(encode(Image.fromarray(GREY), kind), as_rgb(GREY), 0)


@pytest.mark.parametrize("kind", LOSSLESS)
def test_rgb_is_exact(kind: str) -> None:
    assert_pixels(encode(Image.fromarray(RGB), kind), RGB, 0)


def test_rgb_webp_is_exact() -> None:
    assert_pixels(encode(Image.fromarray(RGB), "WEBP", lossless=True), RGB, 0)


@pytest.mark.parametrize("kind", [*LOSSLESS, "GIF"])
def test_one_bit_is_black_and_white(kind: str) -> None:
    bits = GREY > 127
    assert_pixels(encode(Image.fromarray(bits), kind), as_rgb(bits * 255), 0)


@pytest.mark.parametrize("kind", LOSSLESS)
def test_palette_is_looked_up(kind: str) -> None:
    table = RNG.integers(0, 256, (256, 3), dtype=np.uint8)
    image = Image.fromarray(GREY, "L")
    image.putpalette(table.tobytes())
    assert_pixels(encode(image, kind), table[GREY], 0)


@pytest.mark.parametrize("background", [(255, 255, 255), (0, 0, 0), (10, 200, 30)])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_rgba_is_composited_on_the_background(kind: str, background: tuple[int, int, int]) -> None:
    image = Image.fromarray(np.concatenate([RGB, ALPHA], axis=2))
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    limits = Limits(background=background)
    assert_pixels(encode(image, kind, **options), over(RGB, ALPHA, background), 0.5, limits=limits)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_with_alpha_is_composited(kind: str) -> None:
    image = Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(ALPHA[:, :, 0])])
    assert_pixels(encode(image, kind), over(as_rgb(GREY), ALPHA), 0.5)


def test_transparent_red_becomes_the_background_and_not_red() -> None:
    image = Image.new("RGBA", (4, 3), (255, 0, 0, 0))
    assert_pixels(encode(image, "PNG"), np.full((3, 4, 3), 255), 0)


def test_large_alpha_image_is_composited_band_by_band() -> None:
    rgba = np.random.default_rng(1).integers(0, 256, (700, 500, 4), dtype=np.uint8)
    assert_pixels(encode(Image.fromarray(rgba), "PNG", compress_level=0), over(rgba[..., :3], rgba[..., 3:]), 0.5)


def test_palette_with_alpha_table_is_composited() -> None:
    table = RNG.integers(0, 256, (256, 3), dtype=np.uint8)
    alphas = RNG.integers(0, 256, 256, dtype=np.uint8)
    image = Image.fromarray(GREY, "L")
    image.putpalette(table.tobytes())
    data = encode(image, "PNG", transparency=alphas.tobytes())
    assert_pixels(data, over(table[GREY], alphas[GREY][:, :, None]), 0.5)
    result = decode_bytes(data)
    assert result.facts is not None
    assert result.facts.has_alpha


def test_transparent_index_of_gif() -> None:
    indices = np.array([[0, 1], [2, 1]], np.uint8)
    image = Image.fromarray(indices, "L")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    expected = np.array([[[255, 0, 0], [255, 255, 255]], [[0, 0, 255], [255, 255, 255]]])
    assert_pixels(encode(image, "GIF", transparency=1), expected, 0)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_transparent_colour_of_png(mode: str) -> None:
    image = Image.fromarray(GREY if mode == "L" else RGB)
    transparent = int(GREY[2, 3]) if mode == "L" else tuple(int(v) for v in RGB[2, 3])
    expected = as_rgb(GREY) if mode == "L" else RGB.copy()
    expected[np.all(expected == expected[2, 3], axis=2)] = 255
    assert_pixels(encode(image, "PNG", transparency=transparent), expected, 0)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_and_not_clipped(kind: str) -> None:
    assert_pixels(encode(Image.fromarray(DEEP), kind), as_rgb(DEEP / 257), 0.5)


def test_16_bit_big_endian_grey() -> None:
    image = Image.frombytes("I;16B", (17, 13), DEEP.astype(">u2").tobytes())
    assert_pixels(encode(image, "TIFF"), as_rgb(DEEP / 257), 0.5)


def test_16_bit_grey_png_with_transparent_level() -> None:
    deep = DEEP.copy()
    deep[0, :3] = 500
    rows = [row.astype(">u2").tobytes() for row in deep]
    expected = as_rgb(deep / 257)
    expected[deep == 500] = 255
    assert_pixels(encode_png(rows, 17, 16, 0, (b"tRNS", struct.pack(">H", 500))), expected, 0.5)


def test_16_bit_rgb_png() -> None:
    deep = RNG.integers(0, 65536, (5, 6, 3), dtype=np.uint16)
    rows = [row.astype(">u2").tobytes() for row in deep]
    assert_pixels(encode_png(rows, 6, 16, 2), deep / 257, 1)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_grey_of_few_bits_uses_the_whole_range(bits: int) -> None:
    top = 2**bits - 1
    levels = RNG.integers(0, top + 1, (6, 8), dtype=np.uint8)
    per_bit = (levels[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
    rows = [np.packbits(row.ravel()).tobytes() for row in per_bit]
    assert_pixels(encode_png(rows, 8, bits, 0), as_rgb(levels * (255 // top)), 0)


def test_mode_i_tiff_with_16_bit_values_scales_by_65535() -> None:
    assert_pixels(encode(Image.fromarray(DEEP.astype(np.int32)), "TIFF"), as_rgb(DEEP / 257), 0.5)


@pytest.mark.parametrize("sample_format", [1, 2])
def test_32_bit_tiff_beyond_16_bits_scales_by_the_whole_range(sample_format: int) -> None:
    kind, floor, ceiling = (np.uint32, 0, 2**32 - 1) if sample_format == 1 else (np.int32, -(2**31), 2**31 - 1)
    values = RNG.integers(floor, ceiling, (9, 8), dtype=np.int64, endpoint=True)
    values[0, 0] = ceiling
    expected = (values - floor) / (ceiling - floor) * 255
    assert_pixels(encode_tiff(values.astype(kind), sample_format=sample_format), as_rgb(expected), 0.51)


def test_signed_16_bit_tiff() -> None:
    positive = (DEEP >> 1).astype(np.int16)
    assert_pixels(encode_tiff(positive, sample_format=2), as_rgb(positive / 32767 * 255), 0.51)
    signed = DEEP.view(np.int16)
    assert signed.min() < 0
    assert_pixels(encode_tiff(signed, sample_format=2), as_rgb((signed + 32768.0) / 257), 0.51)


def test_12_bit_tiff_scales_by_4095() -> None:
    levels = RNG.integers(0, 4096, (6, 8), dtype=np.uint16)
    pairs = levels.reshape(-1, 2)
    packed = np.stack([pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], axis=1)
    data = bytearray(encode_tiff(packed.astype(np.uint8).reshape(6, 12), bits=12))
    data[data.index(struct.pack("<HHII", 256, 4, 1, 12)) + 8] = 8  # 12 bytes a row are 8 pixels
    assert_pixels(bytes(data), as_rgb(levels / 4095 * 255), 0.51)


def test_white_is_zero_tiff_is_inverted() -> None:
    assert_pixels(encode_tiff(DEEP, photometric=0), as_rgb(255 - DEEP / 257), 0.51)
    assert_pixels(encode_tiff(GREY, photometric=0), as_rgb(255 - GREY), 0)


@pytest.mark.parametrize(
    ("floor", "ceiling", "black", "white"),
    [
        (0.0, 1.0, 0.0, 1.0),
        (-0.02, 1.1, 0.0, 1.0),  # overshoot of a filter is clipped
        (0.0, 255.0, 0.0, 255.0),
        (0.0, 65535.0, 0.0, 65535.0),
        (-1000.0, 3000.0, -1000.0, 3000.0),  # no known range: the file's own
    ],
)
def test_float_tiff_is_scaled_by_the_range_it_uses(floor: float, ceiling: float, black: float, white: float) -> None:
    values = RNG.uniform(floor, ceiling, (13, 17)).astype(np.float32)
    values[0, 0], values[0, 1] = floor, ceiling
    expected = np.clip((values - black) / (white - black), 0, 1) * 255
    assert_pixels(encode(Image.fromarray(values), "TIFF"), as_rgb(expected), 0.51)


def test_float_tiff_with_nan_and_infinity() -> None:
    values = np.array([[0.0, np.nan, 1.0], [np.inf, 0.5, -np.inf]], np.float32)
    assert_pixels(encode(Image.fromarray(values), "TIFF"), as_rgb(np.array([[0, 0, 255], [0, 127.5, 0]])), 0.5)


def test_constant_float_tiff_does_not_divide_by_zero() -> None:
    assert_pixels(encode(Image.fromarray(np.full((3, 4), -9.0, np.float32)), "TIFF"), np.zeros((3, 4, 3)), 0)


def test_cmyk_jpeg_is_not_inverted() -> None:
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[:8, :, 0], inks[8:, :, 3] = 255, 200  # cyan over dark grey
    data = encode(Image.fromarray(inks, "CMYK"), "JPEG", quality=100, subsampling=0)
    expected = np.zeros((16, 16, 3))
    expected[:8], expected[8:] = (0, 255, 255), 55
    assert b"Adobe" in data
    assert_pixels(data, expected, 3)  # 3: JPEG's own loss


def test_cmyk_tiff() -> None:
    inks = RNG.integers(0, 256, (13, 17, 4), dtype=np.uint8)
    expected = (255.0 - inks[:, :, :3]) * (255.0 - inks[:, :, 3:]) / 255
    assert_pixels(encode(Image.fromarray(inks, "CMYK"), "TIFF"), expected, 1)


def test_lab_is_refused_by_name() -> None:
    result = decode_bytes(encode(Image.new("LAB", (4, 4)), "TIFF"))
    assert result.outcome is Outcome.UNSUPPORTED_FORMAT
    assert "LAB" in result.reason


def test_icc_profile_changes_nothing() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    assert_pixels(encode(Image.fromarray(RGB), "PNG", icc_profile=profile), RGB, 0)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PNG"])
def test_first_frame_is_taken_and_frames_are_counted(kind: str) -> None:
    frames = [Image.new("RGB", (9, 5), colour) for colour in [(255, 0, 0), (0, 255, 0), (0, 0, 255)]]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert_pixels(data, np.broadcast_to([255, 0, 0], (5, 9, 3)), 0)
    result = decode_bytes(data)
    assert result.facts is not None
    assert result.facts.n_frames == 3


def test_mpo_of_a_phone_decodes_its_first_image() -> None:
    frames = [Image.new("RGB", (32, 24), colour) for colour in [(255, 0, 0), (0, 255, 0)]]
    data = encode(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert_pixels(data, np.broadcast_to([255, 0, 0], (24, 32, 3)), 2)
    result = decode_bytes(data)
    assert result.facts is not None
    assert (result.facts.format, result.facts.n_frames) == ("MPO", 2)
