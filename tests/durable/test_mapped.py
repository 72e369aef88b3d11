"""Arrays in files: space reserved at once, wrong sizes refused, content there after a sync."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from podium import durable
from podium.errors import CorruptFileError, StorageError

SHAPE = (100, 8, 8, 3)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "<i8", bool])
def test_what_is_written_is_read_by_numpy_itself(tmp_path: Path, dtype: str) -> None:
    values = np.random.default_rng(0).integers(0, 2, SHAPE).astype(dtype)
    array = durable.create_mapped(tmp_path / "new" / "cache.bin", SHAPE, dtype)
    assert not array.any()
    array[:] = values
    durable.sync_mapped(array)
    found = np.fromfile(tmp_path / "new" / "cache.bin", dtype=dtype).reshape(SHAPE)
    assert np.array_equal(found, values)
    assert np.array_equal(durable.open_mapped(tmp_path / "new" / "cache.bin", SHAPE, dtype), values)


def test_modes_are_those_of_numpy(tmp_path: Path) -> None:
    durable.create_mapped(tmp_path / "a", (4,), "uint8")
    with pytest.raises(ValueError, match="read-only"):
        durable.open_mapped(tmp_path / "a", (4,), "uint8")[0] = 1
    durable.open_mapped(tmp_path / "a", (4,), "uint8", "c")[0] = 1
    assert (tmp_path / "a").read_bytes() == bytes(4)
    array = durable.open_mapped(tmp_path / "a", (4,), "uint8", "r+")
    array[1:3] = 1
    durable.sync_mapped(array[1:2])  # a view syncs its whole file
    assert (tmp_path / "a").read_bytes() == b"\0\1\1\0"


def test_the_disk_space_is_taken_at_once(tmp_path: Path) -> None:
    n_bytes = 1 << 20
    durable.create_mapped(tmp_path / "a", (n_bytes,), "uint8")
    assert (tmp_path / "a").stat().st_blocks * 512 >= n_bytes


def test_more_than_the_disk_has_is_refused_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    n_bytes = shutil.disk_usage(tmp_path).total * 2
    with pytest.raises(StorageError) as caught:
        durable.create_mapped(tmp_path / "a", (n_bytes,), "uint8")
    assert caught.value.where == str(tmp_path / "a")
    assert f"{n_bytes:,} bytes needed" in caught.value.what
    assert list(tmp_path.iterdir()) == []


def test_it_never_takes_the_last_blocks_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reservation that cannot fit fills the disk before it fails: others' checkpoints are refused meanwhile."""
    asked: list[int] = []
    monkeypatch.setattr(os, "posix_fallocate", lambda _descriptor, _start, n: asked.append(n))
    with pytest.raises(StorageError, match="disk is full"):
        durable.create_mapped(tmp_path / "a", (shutil.disk_usage(tmp_path).total * 2,), "uint8")
    assert asked == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_every_refused_operation_leaves_nothing(tmp_path: Path, code: int) -> None:
    for k in range(1, 5):
        with durable.using_backend(durable.fail_at(k, code)), pytest.raises(StorageError) as caught:
            durable.create_mapped(tmp_path / "a", SHAPE, "uint8")
        if code == errno.ENOSPC:
            assert f"{np.prod(SHAPE):,} bytes needed" in caught.value.what
        assert list(tmp_path.iterdir()) == []


def test_without_reservation_the_free_space_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "posix_fallocate")
    assert durable.create_mapped(tmp_path / "a", SHAPE, "uint8").shape == SHAPE
    with pytest.raises(StorageError, match="bytes needed"):
        durable.create_mapped(tmp_path / "b", (shutil.disk_usage(tmp_path).free * 2,), "uint8")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("n_bytes", [0, 99, 101])
def test_a_file_of_another_size_is_refused_before_it_is_mapped(tmp_path: Path, n_bytes: int) -> None:
    (tmp_path / "a").write_bytes(bytes(n_bytes))
    with pytest.raises(CorruptFileError) as caught:
        durable.open_mapped(tmp_path / "a", (10, 10), "uint8")
    assert caught.value.where == str(tmp_path / "a")
    with pytest.raises(StorageError):
        durable.open_mapped(tmp_path / "missing", (10, 10), "uint8")


def test_creating_again_starts_from_zeros(tmp_path: Path) -> None:
    durable.create_mapped(tmp_path / "a", (4,), "uint8")[:] = 7
    assert durable.create_mapped(tmp_path / "a", (2,), "uint8").tolist() == [0, 0]


@pytest.mark.parametrize(("shape", "dtype"), [((0, 3), "uint8"), ((-1, -1), "uint8"), ((3,), object)])
def test_arrays_that_no_file_can_hold_are_refused(tmp_path: Path, shape: tuple[int, ...], dtype: type) -> None:
    with pytest.raises(ValueError, match="array in a file"):
        durable.create_mapped(tmp_path / "a", shape, dtype)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_sync_names_the_file(tmp_path: Path) -> None:
    array = durable.create_mapped(tmp_path / "a", (4,), "uint8")
    with durable.using_backend(durable.fail_at(2)), pytest.raises(StorageError) as caught:
        durable.sync_mapped(array)
    assert caught.value.where == str(tmp_path / "a")
