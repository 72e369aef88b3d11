"""The key of a cache: what changes it, and what does not."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest

from podium.data.cache_key import cache_key, folder_name, pixels_key, request_key
from podium.data.file_stamps import read_stamps
from podium.images import Limits
from podium.tables import Samples, as_text_array


def samples_of(root: Path, names: list[str]) -> Samples:
    return Samples(root, as_text_array(names), as_text_array(names))


@pytest.fixture
def samples(tmp_path: Path) -> Samples:
    root = tmp_path / "images"
    root.mkdir()
    names = [f"{i:03d}.jpg" for i in range(12)]
    for i, name in enumerate(names):
        (root / name).write_bytes(b"x" * (i + 1))
    return samples_of(root, names)


def key_of(samples: Samples) -> str:
    return cache_key(samples, 24, 20)


def test_a_new_build_has_its_folder_by_order_size_and_times(samples: Samples, tmp_path: Path) -> None:
    first = key_of(samples)
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first == key_of(samples)
    moved = tmp_path / "elsewhere"
    samples.root.rename(moved)
    samples = samples_of(moved, samples.ids.tolist())
    assert key_of(samples) == first
    assert key_of(samples.take(np.arange(11))) != first
    assert key_of(samples.take(np.arange(12)[::-1])) != first
    file = samples.file(2)
    before = file.stat()
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert key_of(samples) != first
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (key_of(samples) == first) == (os.name == "nt"), "the time of change cannot be put back"
    second = key_of(samples)
    file.write_bytes(file.read_bytes() + b"\0")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert key_of(samples) not in {first, second}


def test_a_second_cache_of_files_with_the_same_stamps_has_another_folder(samples: Samples) -> None:
    request, stamps = request_key(samples, 24, 20), read_stamps(samples)
    assert len({folder_name(request, stamps, turn) for turn in range(3)}) == 3
    assert folder_name(request, stamps) == key_of(samples)


def test_the_pixels_are_named_by_what_the_files_hold_and_what_was_asked(samples: Samples) -> None:
    request = request_key(samples, 24, 20)
    digests = ["a" * 64, "", "b" * 64]
    keys = [pixels_key(request, digests), pixels_key(request, digests[::-1]), pixels_key(request, digests[:2])]
    keys += [pixels_key(request_key(samples, 20, 24), digests), pixels_key(request, ["a" * 64, "b" * 64, ""])]
    assert len(set(keys)) == 5
    assert pixels_key(request, iter(digests)) == keys[0]
    samples.file(0).write_bytes(b"other bytes")
    assert request_key(samples, 24, 20) == request


def test_it_follows_the_geometry_and_the_limits(samples: Samples) -> None:
    keys = [
        cache_key(samples, 24, 20),
        cache_key(samples, 20, 24),
        cache_key(samples, 24, 20, "pad"),
        cache_key(samples, 24, 20, "crop"),
        cache_key(samples, 24, 20, limits=Limits(max_bytes=1000)),
        cache_key(samples, 24, 20, limits=Limits(background=(0, 0, 0))),
    ]
    assert len(set(keys)) == len(keys)
    assert cache_key(samples, 24, 20, "stretch", limits=Limits()) == keys[0]


def test_groups_and_splits_change_nothing(samples: Samples) -> None:
    column = as_text_array(["a", "b"] * 6)
    more = Samples(samples.root, samples.ids, samples.paths, group=column, split=as_text_array(["train"] * 12))
    assert key_of(more) == key_of(samples)


def test_an_absent_file_has_a_key_of_its_own(samples: Samples) -> None:
    first = key_of(samples)
    samples.file(4).unlink()
    without = key_of(samples)
    assert without != first
    samples.file(4).write_bytes(b"")
    assert key_of(samples) not in {first, without}


def test_a_name_that_is_not_utf8_is_stamped_like_any_other(tmp_path: Path) -> None:
    raw = os.fsdecode(b"caf\xe9.jpg")
    (tmp_path / raw).write_bytes(b"x")
    names = as_text_array(["caf\\xe9.jpg"])
    first = key_of(Samples(tmp_path, names, names))
    (tmp_path / raw).write_bytes(b"xy")
    assert key_of(Samples(tmp_path, names, names)) != first
