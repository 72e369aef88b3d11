"""Images whose end a decoder invented are found, and no whole image is taken for one of them."""

from __future__ import annotations

import io
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from podium.images.completeness import is_filled_up

BIT_DEPTHS = {"1": (1, 0), "L": (8, 0), "LA": (8, 4), "RGB": (8, 2), "RGBA": (8, 6), "I;16": (16, 0)}


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noisy(seed: int, last: int | None = None) -> Image.Image:
    """Blurred noise, as compressible as a photo; perhaps with a last row and column of one level."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    pixels = np.asarray(Image.fromarray(noise).resize((48, 36), Image.Resampling.BICUBIC)).copy()
    if last is not None:
        pixels[-9:], pixels[:, -9:] = last, last
    return Image.fromarray(pixels)


def is_invented(data: bytes) -> bool | None:
    """What is said of a file; None where Pillow itself refuses it."""
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except (OSError, RuntimeError, SyntaxError, ValueError):
        return None
    return is_filled_up(data, image)


def black(mode: str, size: tuple[int, int]) -> Image.Image:
    """What Pillow makes of a stream that ends early, where it does not refuse it."""
    image = Image.new(mode, size)
    image.format = "PNG"
    return image


def png_of(rows: bytes, mode: str, *, size: tuple[int, int] = (48, 36), interlaced: bool = False) -> bytes:
    """A PNG whose compressed stream holds these bytes, sound in everything else."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    bits, colour = BIT_DEPTHS[mode]
    header = struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"restart_marker_rows": 1}, {"optimize": True}])
def test_jpeg_with_an_early_end_marker_is_invented(seed: int, options: dict[str, object]) -> None:
    data = encode(noisy(seed), "JPEG", quality=90, **options)
    start = data.index(b"\xff\xda") + 14
    cut = data[: random.Random(seed).randrange(start, len(data) - 60)].rstrip(b"\xff")
    assert is_invented(cut + b"\xff\xd9") is True
    assert is_invented(data) is False


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("last", [0, 127, 128, 255])
def test_whole_images_that_end_in_the_colours_of_a_filling_are_not(kind: str, last: int) -> None:
    for seed in range(5):
        assert is_invented(encode(noisy(seed, last), kind)) is False
    assert is_invented(encode(Image.new("RGB", (40, 40), (last,) * 3), kind)) is False


def test_progressive_jpeg_lacks_sharpness_only() -> None:
    data = encode(noisy(0), "JPEG", progressive=True)
    scans = [at for at in range(len(data)) if data.startswith(b"\xff\xda", at)]
    assert is_invented(data[: scans[2]] + b"\xff\xd9") is False


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_an_interrupted_copy_that_ends_in_zeros_is_invented(kind: str) -> None:
    found = []
    for seed in range(40):
        data = encode(noisy(seed), kind)
        start = data.index(b"IDAT") + 8 if kind == "PNG" else data.index(b"\xff\xda") + 14
        n_kept = random.Random(seed).randrange(start, len(data) - 40)
        found.append(is_invented(data[:n_kept] + bytes(5000)))
    assert False not in found
    assert found.count(True) > 10  # Pillow refuses the others
    assert is_invented(encode(noisy(0), kind) + bytes(100)) is False


@pytest.mark.parametrize("mode", BIT_DEPTHS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.97])
def test_png_whose_stream_ends_early_is_invented(mode: str, share: float) -> None:
    bits, colour = BIT_DEPTHS[mode]
    n_row = 1 + (48 * bits * {0: 1, 2: 3, 4: 2, 6: 4}[colour] + 7) // 8
    rows = (b"\0" + b"\xa5" * (n_row - 1)) * 36
    assert is_invented(png_of(rows, mode)) is False
    assert is_filled_up(png_of(rows[: int(len(rows) * share)], mode), black(mode, (48, 36)))


@pytest.mark.parametrize("size", [(48, 36), (1, 1), (3, 2), (9, 5), (5, 9)])
def test_interlaced_png_is_counted_pass_by_pass(size: tuple[int, int]) -> None:
    """Bytes of each of the seven passes as the PNG standard's own loop over pixels gives them."""
    width, height = size
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    n_bytes = 0
    for row, column, step_rows, step_columns in passes:
        for _ in range(row, height, step_rows):
            n_pixels = len(range(column, width, step_columns))
            n_bytes += 1 + 3 * n_pixels if n_pixels else 0
    assert is_invented(png_of(bytes(n_bytes), "RGB", size=size, interlaced=True)) is False
    if n_bytes > 8:
        assert is_filled_up(png_of(bytes(n_bytes - 1), "RGB", size=size, interlaced=True), black("RGB", size))


def test_other_formats_are_left_to_their_decoders() -> None:
    for kind in ("BMP", "GIF", "TIFF", "WEBP"):
        data = encode(Image.new("RGB", (20, 20)), kind)
        assert is_invented(data) is False
        assert is_invented(data + bytes(50)) is False


@pytest.mark.parametrize(("kind", "options"), [("WEBP", {}), ("WEBP", {"lossless": True}), ("AVIF", {})])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.8])
def test_webp_and_avif_that_were_filled_up_with_zeros_are_invented(
    kind: str, options: dict[str, object], kept: float
) -> None:
    image = noisy(0).resize((320, 240), Image.Resampling.BICUBIC)
    data = encode(image, kind, **options)
    n_kept = int(len(data) * kept)
    assert is_invented(data) is False
    assert is_invented(data[:n_kept] + bytes(len(data) - n_kept)) is not False  # None where the decoder refuses it


@pytest.mark.parametrize(("kind", "options"), [("WEBP", {}), ("WEBP", {"lossless": True}), ("AVIF", {})])
def test_flat_images_and_padded_metadata_are_not(kind: str, options: dict[str, object]) -> None:
    for size in ((1, 1), (640, 480)):
        for level in (0, 255):
            assert is_invented(encode(Image.new("RGB", size, (level,) * 3), kind, **options)) is False
            assert is_invented(encode(Image.new("RGBA", size, (level,) * 3 + (0,)), kind, **options)) is False
    padded = b"Exif\0\0MM\0*\0\0\0\x08\0\0" + bytes(5000)
    assert is_invented(encode(noisy(0), kind, exif=padded, **options)) is False
