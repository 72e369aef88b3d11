"""A cache is used for the files it was made of, wherever they lie and whatever their times say, and for no others."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from podium.data import cache_builder, file_stamps, same_files
from podium.data.cache_builder import build_cache
from podium.data.image_cache import STAMPS_NAME, ImageCache
from podium.tables import Samples, as_text_array

N = 6


def draw(path: Path, seed: int) -> None:
    """A BMP: all of one shape are of one size."""
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(path)


def samples_of(root: Path, n: int = N) -> Samples:
    names = as_text_array([f"{i}.bmp" for i in range(n)])
    return Samples(root, names, names)


@pytest.fixture
def samples(tmp_path: Path) -> Samples:
    (tmp_path / "images").mkdir()
    for i in range(N):
        draw(tmp_path / "images" / f"{i}.bmp", i)
    return samples_of(tmp_path / "images")


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every file had been there for long when it was read."""
    monkeypatch.setattr(file_stamps, "SETTLED_NS", 0)


def replace(path: Path, seed: int) -> None:
    """Another picture of the same size, its times put back."""
    before = path.stat()
    draw(path, seed)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def build(samples: Samples, tmp_path: Path, **options: Any) -> ImageCache:
    return build_cache(samples, tmp_path / "cache", height=16, width=16, isolation="thread", **options)


def shown(samples: Samples) -> np.ndarray:
    """What the files hold now; at their own size nothing is resampled."""
    return np.stack([np.asarray(Image.open(samples.file(row)).convert("RGB")) for row in range(len(samples))])


@pytest.mark.parametrize("has_change_time", [True, False])
def test_files_replaced_under_their_size_and_times_are_noticed(
    samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settled: None, has_change_time: bool
) -> None:
    monkeypatch.setattr(file_stamps, "_HAS_CHANGE_TIME", has_change_time)
    first = build(samples, tmp_path)
    old = np.array(first.pixels)
    replace(samples.file(3), 99)
    second = build(samples, tmp_path)
    assert np.array_equal(second.pixels, shown(samples))
    assert second.key != first.key
    assert not np.array_equal(second.pixels[3], old[3])
    assert np.array_equal(first.pixels, old), "a run may go on with the old ones"
    replace(samples.file(3), 3)
    again = build(samples, tmp_path)
    assert (again.key, again.folder) == (first.key, first.folder)


def test_a_replacement_within_one_tick_of_the_clock_is_noticed(
    samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = file_stamps._stamp
    first = build(samples, tmp_path)
    times = {path.name: stamp(os.fspath(path)) for path in samples.root.iterdir()}
    draw(samples.file(0), 98)
    monkeypatch.setattr(file_stamps, "_stamp", lambda file: times[Path(file).name])
    second = build(samples, tmp_path)
    assert np.array_equal(second.pixels, shown(samples))
    assert second.folder != first.folder
    assert build(samples, tmp_path).folder == second.folder


@pytest.mark.parametrize("how", ["moved", "copied with times", "copied without times", "touched", "other links"])
def test_the_same_files_keep_their_cache(
    samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settled: None, how: str
) -> None:
    first = build(samples, tmp_path)
    root = tmp_path / "elsewhere"
    if how == "moved":
        samples.root.rename(root)
    elif how.startswith("copied"):
        shutil.copytree(samples.root, root, copy_function=shutil.copy2 if "with times" in how else shutil.copyfile)
    elif how == "touched":
        root = samples.root
        for path in root.iterdir():
            os.utime(path, (1, 1))
    else:
        root.mkdir()
        for path in samples.root.iterdir():
            (root / path.name).hardlink_to(path)  # which changes the time of change
    monkeypatch.setattr(cache_builder, "decode_into_rows", None)
    again = build(samples_of(root), tmp_path)
    assert (again.key, again.folder) == (first.key, first.folder)
    monkeypatch.setattr(same_files, "sha256_file", None)  # it is remembered: nothing is read another time
    assert build(samples_of(root), tmp_path).folder == first.folder


def test_a_cache_that_was_copied_along_is_found(samples: Samples, tmp_path: Path, settled: None) -> None:
    first = build(samples, tmp_path)
    laptop = tmp_path / "laptop"
    shutil.copytree(samples.root, laptop / "images", copy_function=shutil.copyfile)
    shutil.copytree(tmp_path / "cache", laptop / "cache", copy_function=shutil.copyfile)
    found = build(samples_of(laptop / "images"), laptop)
    assert (found.key, found.folder.name) == (first.key, first.folder.name)
    assert len(list((laptop / "cache").glob("*/pixels.u8"))) == 1


@pytest.mark.parametrize("damage", [None, b"", b"x", bytes(4 * 8 * N)])
def test_without_its_stamps_a_cache_is_compared_by_content(
    samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settled: None, damage: bytes | None
) -> None:
    first = build(samples, tmp_path)
    path = first.folder / STAMPS_NAME
    whole = path.read_bytes()
    path.unlink() if damage is None else path.write_bytes(damage)
    monkeypatch.setattr(cache_builder, "decode_into_rows", None)
    assert build(samples, tmp_path).folder == first.folder
    assert path.read_bytes() == whole


def test_files_that_could_not_be_decoded_are_tried_again(samples: Samples, tmp_path: Path, settled: None) -> None:
    whole = samples.file(2).read_bytes()
    samples.file(2).write_bytes(b"no image")
    samples.file(4).unlink()
    first = build(samples, tmp_path)
    assert np.flatnonzero(~first.is_usable).tolist() == [2, 4]
    os.utime(samples.file(2), (1, 1))
    assert build(samples, tmp_path).folder == first.folder
    samples.file(2).write_bytes(whole)
    assert np.flatnonzero(~build(samples, tmp_path).is_usable).tolist() == [4]


def test_the_comparison_can_be_stopped(samples: Samples, tmp_path: Path, settled: None) -> None:
    build(samples, tmp_path)
    os.utime(samples.file(2), (1, 1))

    def stop(done: int, total: int) -> None:
        raise KeyError(done, total)

    with pytest.raises(KeyError, match=f"0, {N}"):
        build(samples, tmp_path, on_progress=stop)
