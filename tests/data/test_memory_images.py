"""Images in memory are what the cache would hold of the same files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium.data import build_cache, median_side_of, store_in_memory
from podium.errors import ImageError
from podium.tables import Samples, as_text_array


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """A turned JPEG, a PNG with transparency, a greyscale and a large JPEG."""
    rng, paths = (
        np.random.default_rng(0),
        [tmp_path / name for name in ("turned.jpg", "clear.png", "grey.png", "big.jpg")],
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(rng.integers(0, 256, (30, 50, 3), np.uint8)).save(paths[0], exif=exif)
    Image.fromarray(rng.integers(0, 256, (20, 20, 4), np.uint8)).save(paths[1])
    Image.fromarray(rng.integers(0, 256, (9, 31), np.uint8)).save(paths[2])
    Image.fromarray(rng.integers(0, 256, (1200, 1300, 3), np.uint8)).save(paths[3])
    return paths


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_paths_and_pillow_images_give_the_pixels_of_a_cache(paths: list[Path], fit: str, tmp_path: Path) -> None:
    ids = as_text_array([path.name for path in paths])
    samples = Samples(tmp_path, ids, ids)
    cache = build_cache(samples, tmp_path / "cache", height=24, width=24, fit=fit, isolation="thread")  # type: ignore[arg-type]
    for n_threads in (1, 3):
        stored = store_in_memory(paths, 24, 24, fit, n_threads=n_threads)  # type: ignore[arg-type]
        np.testing.assert_array_equal(stored.pixels, cache.pixels)
    pillow = store_in_memory([Image.open(path) for path in paths[:3]], 24, 24, fit)  # type: ignore[arg-type]
    np.testing.assert_array_equal(pillow.pixels, cache.pixels[:3])
    assert stored.key is None
    assert stored.ids.tolist() == ["0", "1", "2", "3"]


def test_the_median_side_needs_no_decoding(paths: list[Path]) -> None:
    assert median_side_of(paths) == np.median([30, 20, 9, 1200])
    assert median_side_of([np.zeros((8, 6, 3), np.uint8), Image.new("RGB", (10, 40))]) == 8
    assert median_side_of([]) == 224


def test_what_is_no_image_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"bad\.png"):
        store_in_memory([tmp_path / "bad.png"], 8, 8)
    with pytest.raises(ImageError, match=r"'b' is float64 of shape \(4, 4, 3\)"):
        store_in_memory([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3))], 8, 8, ids=["a", "b"])  # type: ignore[list-item]
    for shape in ((4, 4), (4, 4, 1), (4, 4, 4), (0, 4, 3), (1, 4, 4, 3)):
        with pytest.raises(ImageError, match=re.escape(f"uint8 of shape {shape}")):
            store_in_memory([np.zeros(shape, np.uint8)], 8, 8)
    with pytest.raises(ImageError, match="'0' is a dict"):
        store_in_memory([{}], 8, 8)  # type: ignore[list-item]
