"""EXIF orientation: an image stored turned comes out upright, whatever the format."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps, features

from podium.images import Outcome, decode_bytes
from podium.images.orientation import turn_upright

# What a camera of that orientation stores of an upright image: the inverse of the turn it asks for.
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: lambda a: np.rot90(a, -1),
}
FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", *(["AVIF"] if features.check("avif") else [])]


def make_upright() -> np.ndarray:
    """Smooth, so that lossy formats keep it, and different in all four corners."""
    rows, columns = np.mgrid[0:24, 0:40]
    return np.stack([rows * 10, columns * 6, (rows + columns) * 3], axis=2).astype(np.uint8)


def encode_stored(pixels: np.ndarray, kind: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, object] = {"exif": exif.tobytes()}
    if kind == "JPEG":
        options |= {"quality": 100, "subsampling": 0}
    if kind == "WEBP":
        options |= {"lossless": True}
    if kind == "TIFF":
        options = {"tiffinfo": {0x0112: orientation}}
    if kind == "AVIF":
        options |= {"quality": 100, "subsampling": "4:4:4"}
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", FORMATS)
def test_comes_out_upright(kind: str, orientation: int) -> None:
    upright = make_upright()
    data = encode_stored(STORED[orientation](upright), kind, orientation)
    result = decode_bytes(data)
    assert result.outcome is Outcome.OK, result.reason
    assert result.pixels is not None
    assert result.facts is not None
    assert result.pixels.shape == upright.shape
    tolerance = {"JPEG": 4, "AVIF": 4}.get(kind, 0)
    assert np.abs(result.pixels.astype(int) - upright).max() <= tolerance
    assert (result.facts.width, result.facts.height) == (40, 24)
    assert result.facts.orientation == orientation


@pytest.mark.parametrize("shape", [(24, 40, 3), (1, 7, 3), (7, 1, 3), (1, 1, 3), (5, 9)])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_agrees_with_pillow(orientation: int, shape: tuple[int, ...]) -> None:
    stored = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    image = Image.fromarray(stored)
    image.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    turned = turn_upright(stored, orientation)
    np.testing.assert_array_equal(turned, expected)
    assert turned.flags.c_contiguous


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_impossible_orientation_counts_as_none(value: int) -> None:
    result = decode_bytes(encode_stored(make_upright(), "PNG", value))
    assert result.facts is not None
    assert result.facts.orientation == 1
    np.testing.assert_array_equal(result.pixels, make_upright())


def test_damaged_exif_does_not_make_a_good_image_bad() -> None:
    buffer = io.BytesIO()
    Image.fromarray(make_upright()).save(buffer, "PNG", exif=b"Exif\0\0II\x2a\0\xff\xff\xff\xff")
    result = decode_bytes(buffer.getvalue())
    assert result.outcome is Outcome.OK
    np.testing.assert_array_equal(result.pixels, make_upright())


def test_orientation_in_xmp_only() -> None:
    buffer = io.BytesIO()
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    Image.fromarray(np.ascontiguousarray(STORED[6](make_upright()))).save(buffer, "WEBP", lossless=True, xmp=xmp)
    np.testing.assert_array_equal(decode_bytes(buffer.getvalue()).pixels, make_upright())
