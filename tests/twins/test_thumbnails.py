from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from podium.errors import UsageError
from podium.images import compute_phash
from podium.twins import find_near_duplicates, make_thumbnails
from podium.twins.thumbnails import Likeness


def test_areas_are_averaged() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (3, 64, 32, 3)).astype(np.uint8)
    slow = pixels.astype(float).mean(axis=3).reshape(3, 16, 4, 16, 2).mean(axis=(2, 4))
    assert np.abs(make_thumbnails(pixels).astype(float) - slow).max() <= 0.5 + 1e-9
    assert np.array_equal(make_thumbnails(pixels, np.asarray([2, 0])), make_thumbnails(pixels)[[2, 0]])


@pytest.mark.parametrize("shape", [(2, 17, 31, 3), (2, 100, 7), (2, 1, 1, 3), (0, 20, 20, 3)])
def test_any_size_gives_a_thumbnail(shape: tuple[int, ...]) -> None:
    small = make_thumbnails(np.full(shape, 77, np.uint8))
    assert small.shape == (shape[0], 16, 16)
    assert (small == 77).all()


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(UsageError, match="uint8 images"):
        make_thumbnails(np.zeros((2, 16, 16, 3), np.float32))
    with pytest.raises(UsageError, match="3 uint8 thumbnails"):
        Likeness(np.zeros((2, 16, 16), np.uint8), np.zeros(3, np.uint64))


def test_blank_images_are_like_nothing() -> None:
    blank = np.full((2, 16, 16), 255, np.uint8)
    assert not Likeness(blank, np.zeros(2, np.uint64)).is_same_photo(np.asarray([0]), np.asarray([1])).any()


def test_what_a_whole_set_shares_makes_no_twins() -> None:
    rng = np.random.default_rng(0)
    n = 400
    common = rng.integers(0, 256, (16, 16)).astype(float)
    own = rng.normal(0, 12, (n, 16, 16))
    own[n // 2 :] = own[: n // 2]
    looks = np.clip(common + own + rng.normal(0, 1, own.shape), 0, 255).astype(np.uint8)
    likeness = Likeness(looks, rng.integers(0, 2**64, n, dtype=np.uint64))
    first = np.arange(n // 2)
    assert likeness.is_same_photo(first, first + n // 2).all()
    assert likeness.is_same_photo(first, np.roll(first, 1)).mean() < 0.01
    plain = [np.corrcoef(looks[i].ravel(), looks[i - 1].ravel())[0, 1] for i in range(50)]
    assert np.mean(plain) > 0.95, "as plain images they are all alike"


@pytest.mark.parametrize(
    ("n", "correlation", "is_same"),
    [
        (20, 0.94, False),  # of a set too small to have a look, plain images are compared: 0.95
        (20, 0.96, True),
        (400, 0.87, False),  # of what the set does not share: 0.9
        (400, 0.94, True),
    ],
)
def test_the_limit_is_lower_once_the_look_of_the_set_is_taken_out(n: int, correlation: float, is_same: bool) -> None:
    rng = np.random.default_rng(2)
    looks = rng.normal(0, 1, (n, 256))
    looks -= looks.mean(axis=1, keepdims=True)
    looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    other = looks[1] - (looks[1] @ looks[0]) * looks[0]
    looks[1] = correlation * looks[0] + np.sqrt(1 - correlation**2) * other / np.linalg.norm(other)
    small = np.clip(np.round(128 + 500 * looks), 0, 255).astype(np.uint8).reshape(n, 16, 16)
    found = np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1]
    assert found == pytest.approx(correlation, abs=0.005)
    likeness = Likeness(small, rng.integers(0, 2**64, n, dtype=np.uint64))
    assert likeness.is_same_photo(np.asarray([0]), np.asarray([1])).tolist() == [is_same]


def read_looks(folder: Path, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    small, hashes = [], []
    for name in names:
        image = ImageOps.exif_transpose(Image.open(folder / name)).convert("RGB")
        hashes.append(compute_phash(np.asarray(image)))
        small.append(make_thumbnails(np.asarray(image.resize((64, 64)))[None])[0])
    return np.asarray(hashes, np.uint64), np.stack(small)


@pytest.mark.long
def test_pasted_masks_are_seen_through(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("mask_pairs")
    with (folder / "labels.csv").open() as lines:
        table = list(csv.DictReader(lines))
    table = [row for row in table if int(row["group"][1:]) % 2]
    hashes, small = read_looks(folder, [row["path"] for row in table])
    group = np.asarray([row["group"] for row in table])
    n_true = sum(n * (n - 1) // 2 for n in np.unique(group, return_counts=True)[1])
    plain = find_near_duplicates(hashes).pairs
    confirmed = find_near_duplicates(hashes, thumbnails=small).pairs
    is_true = group[confirmed[:, 0]] == group[confirmed[:, 1]]
    assert is_true.mean() > 0.99
    assert is_true.sum() > 0.6 * n_true
    assert is_true.sum() > (group[plain[:, 0]] == group[plain[:, 1]]).sum()


@pytest.mark.long
def test_hands_that_look_alike_are_not_accused(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("sign_digits")
    names = sorted(str(path.relative_to(folder)) for path in (folder / "images").rglob("*.jpg"))[::2]
    hashes, small = read_looks(folder, names)
    by_hash_alone = find_near_duplicates(hashes, max_distance=10).pairs
    confirmed = find_near_duplicates(hashes, thumbnails=small).pairs
    assert len(by_hash_alone) > 500
    assert len(confirmed) <= 1
