"""The key of a cache: what changes it, and what does not."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from podium.data.cache_key import cache_key
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


def test_it_follows_order_size_and_time_and_not_the_place(samples: Samples, tmp_path: Path) -> None:
    first = key_of(samples)
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first == key_of(samples)
    moved = tmp_path / "elsewhere"
    shutil.copytree(samples.root, moved)
    assert key_of(samples_of(moved, samples.ids.tolist())) == first
    assert key_of(samples.take(np.arange(11))) != first
    assert key_of(samples.take(np.arange(12)[::-1])) != first
    file = samples.file(2)
    before = file.stat()
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert key_of(samples) != first
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert key_of(samples) == first
    file.write_bytes(file.read_bytes() + b"\0")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert key_of(samples) != first


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
