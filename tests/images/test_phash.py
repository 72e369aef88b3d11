from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from scipy.fft import dct

from podium.images import compute_phash, decode_file, hamming

HASHES = st.integers(0, 2**64 - 1)


def make_picture(seed: int, height: int = 120, width: int = 160) -> np.ndarray:
    """Noise blurred to look natural: most of it in low frequencies."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    blurred = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(8))
    return np.asarray(blurred.point(lambda v: min(255, max(0, (v - 128) * 8 + 128))))


def reference(image: Image.Image) -> int:
    return int(str(imagehash.phash(image)), 16)


def unrounded(image: Image.Image) -> int:
    """imagehash's recipe on real numbers: Pillow shrinks a float image, scipy transforms it."""
    small = np.asarray(image.convert("L").convert("F").resize((32, 32), Image.Resampling.LANCZOS), np.float64)
    low = dct(dct(small, axis=0), axis=1)[:8, :8]
    return int("".join("1" if bit else "0" for bit in (low > np.median(low)).ravel()), 2)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("scale", [1, 8])
def test_is_imagehash_without_its_rounding(seed: int, scale: int) -> None:
    pixels = make_picture(seed, (90 + 7 * seed) * scale, (200 - 5 * seed) * scale)
    image = Image.fromarray(pixels)
    assert int(hamming(compute_phash(pixels), unrounded(image))) <= 2
    assert int(hamming(compute_phash(pixels), reference(image))) <= 4


def test_tiny_images() -> None:
    for height, width in ((1, 1), (1, 40), (7, 3), (31, 33), (32, 32)):
        pixels = np.asarray(Image.fromarray(make_picture(1)).resize((width, height)))
        assert int(hamming(compute_phash(pixels), unrounded(Image.fromarray(pixels)))) <= 20  # many coefficients are 0


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize("name", ["hymenoptera", "imagenet_samples_1000", "fashion_products"])
def test_near_imagehash_on_photos(shared_data: Callable[[str], Path], name: str) -> None:
    paths = sorted(shared_data(name).rglob("*.jpg"))[:60]
    assert paths
    apart = []
    for path in paths:
        result = decode_file(path)
        assert result.facts is not None
        with Image.open(path) as image:
            apart.append(int(hamming(result.facts.phash, reference(image.convert("RGB")))))
    assert max(apart) <= 4
    assert np.mean(apart) <= 0.7


def test_size_and_compression_hardly_change_it() -> None:
    pixels = make_picture(3)
    half = np.asarray(Image.fromarray(pixels).resize((80, 60), Image.Resampling.BILINEAR))
    assert int(hamming(compute_phash(pixels), compute_phash(half))) <= 4
    assert int(hamming(compute_phash(pixels), compute_phash(pixels[:, ::-1]))) > 12


@pytest.mark.parametrize("level", [0, 1, 127, 255])
def test_flat_image_hashes_no_rounding_noise(level: int) -> None:
    assert compute_phash(np.full((37, 41, 3), level, np.uint8)) == (0 if level == 0 else 2**63)


@given(HASHES, HASHES)
def test_hamming_counts_bits(a: int, b: int) -> None:
    assert int(hamming(a, b)) == int(hamming(b, a)) == (a ^ b).bit_count()


@pytest.mark.slow
@given(st.lists(HASHES, min_size=1, max_size=20))
def test_hamming_of_all_pairs(hashes: list[int]) -> None:
    array = np.array(hashes, np.uint64)
    expected = [[(a ^ b).bit_count() for b in hashes] for a in hashes]
    assert hamming(array[:, None], array[None, :]).tolist() == expected
    assert hamming(array.view(np.int64)[:, None], array[None, :]).tolist() == expected
