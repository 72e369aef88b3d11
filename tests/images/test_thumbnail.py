from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from podium.errors import UsageError
from podium.images import decode_bytes, encode_jpeg_thumbnail


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(400, 200, (100, 50)), (30, 40, (30, 40)), (1000, 2, (100, 1))]
)
def test_longer_side_and_colour(height: int, width: int, expected: tuple[int, int]) -> None:
    pixels = np.full((height, width, 3), (200, 40, 90), np.uint8)
    result = decode_bytes(encode_jpeg_thumbnail(pixels, 100))
    assert result.pixels is not None
    assert result.pixels.shape[:2] == expected
    assert np.abs(result.pixels.astype(int) - (200, 40, 90)).max() <= 3


def test_quality_costs_bytes() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    low, high = encode_jpeg_thumbnail(noise, 64, 20), encode_jpeg_thumbnail(noise, 64, 95)
    assert len(low) < len(high)
    with Image.open(io.BytesIO(low)) as image:
        assert image.format == "JPEG"


def test_wrong_arguments() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    for size_px, quality in ((0, 80), (10, 0), (10, 96)):
        with pytest.raises(UsageError):
            encode_jpeg_thumbnail(pixels, size_px, quality)
    with pytest.raises(UsageError):
        encode_jpeg_thumbnail(np.zeros((0, 4, 3), np.uint8))
