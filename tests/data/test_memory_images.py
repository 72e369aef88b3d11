"""Images in memory are what the cache would hold of the same files."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize(
    ("shape", "dtype", "convert"),
    [
        ((4, 5, 4), "u1", lambda a: Image.fromarray(a.squeeze())),
        ((4, 5, 1), "u1", lambda a: Image.fromarray(a.squeeze())),
        ((4, 5), "u1", lambda a: Image.fromarray(a.squeeze())),
        ((3, 4, 5), "u1", lambda a: a.transpose(1, 2, 0)),
        ((4, 5, 3), "f4", lambda a: a.astype(np.uint8)),
    ],
)
def test_the_answer_to_another_array_leads_to_one_that_is_read(
    shape: tuple[int, ...], dtype: str, convert: Callable[[Any], Any]
) -> None:
    array = np.ones(shape, dtype)
    words = {"f4": r"\.astype\(np\.uint8\)"}.get(dtype, "transpose" if shape[0] == 3 else "fromarray.*squeeze")
    with pytest.raises(ImageError, match=words):
        store_in_memory([array], 4, 5)
    assert store_in_memory([convert(array)], 4, 5).pixels.shape == (1, 4, 5, 3)


def test_an_opened_image_that_pillow_cannot_read_is_named(tmp_path: Path) -> None:
    Image.effect_noise((64, 64), 90).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:2000])
    with (
        Image.open(tmp_path / "cut.png") as cut,
        pytest.raises(ImageError, match="image '0' cannot be decoded"),
    ):
        store_in_memory([cut], 4, 5)
    with pytest.raises(ImageError, match="image '0' cannot be decoded: colour mode HSV"):
        store_in_memory([Image.new("HSV", (4, 4))], 4, 5)
