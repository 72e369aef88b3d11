"""A file while it is written: its digest, and failures that no writer can hide."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from podium import durable
from podium.durable.stream import write_new_file
from podium.errors import StorageError


class Short(durable.Backend):
    """Takes three bytes at a time, as a pipe or a signal may make a disk do."""

    def write(self, descriptor: int, data: memoryview) -> int:
        return super().write(descriptor, data[:3])


def write(path: Path, action: Callable[[BinaryIO], object], *, in_place: bool = False) -> str | None:
    """The digest after an action wrote a file."""
    with write_new_file(path, path, in_place=in_place) as (file, stream):
        action(file)
    return stream.digest


@pytest.mark.parametrize("backend", [durable.Backend(), Short()], ids=["plain", "short writes"])
def test_the_digest_is_that_of_the_file(tmp_path: Path, backend: durable.Backend) -> None:
    data = np.random.default_rng(0).bytes(10_000)
    with durable.using_backend(backend):
        digest = write(tmp_path / "a", lambda file: [file.write(data[at : at + 999]) for at in range(0, 10_000, 999)])
    assert (tmp_path / "a").read_bytes() == data
    assert digest == hashlib.sha256(data).hexdigest()


def test_a_writer_that_goes_back_has_no_digest_but_its_file(tmp_path: Path) -> None:
    def save_zip(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a.txt", "hello")

    def cut(file: BinaryIO) -> None:
        file.write(b"abcdef")
        file.flush()
        file.truncate(2)

    assert write(tmp_path / "zip", save_zip) is None
    assert zipfile.ZipFile(tmp_path / "zip").read("a.txt") == b"hello"
    assert write(tmp_path / "cut", cut) is None
    assert (tmp_path / "cut").read_bytes() == b"ab"
    assert write(tmp_path / "told", lambda file: (file.write(b"ab"), file.tell(), file.write(b"c"))) == (
        hashlib.sha256(b"abc").hexdigest()
    )


def test_nobody_writes_around_the_backend(tmp_path: Path) -> None:
    def ask(file: BinaryIO) -> None:
        with pytest.raises(io.UnsupportedOperation):
            file.fileno()
        assert file.writable()
        assert file.seekable()
        assert not file.readable()

    write(tmp_path / "a", ask)
    counting = durable.fail_at(10**9)
    with durable.using_backend(counting):
        write(tmp_path / "b", lambda file: np.save(file, np.arange(5000)))
    assert "write" in counting.operations
    np.testing.assert_array_equal(np.load(tmp_path / "b"), np.arange(5000))


@pytest.mark.parametrize("in_place", [False, True])
def test_a_writer_that_swallows_a_failure_is_told_at_the_end(tmp_path: Path, in_place: bool) -> None:
    path = tmp_path / "a"
    if in_place:
        path.write_bytes(b"old content")

    def swallow(file: BinaryIO) -> None:
        for _ in range(3):
            try:
                file.write(bytes(2 << 20))
                file.flush()
            except OSError:
                return

    with pytest.raises(StorageError, match="2,097,152 bytes needed") as caught, durable.using_backend(NoSpace()):
        write(path, swallow, in_place=in_place)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert path.exists() == in_place
    assert not in_place or path.read_bytes() == b""  # an old file must not look like a new one


class NoSpace(durable.Backend):
    """Refuses every write."""

    def write(self, descriptor: int, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_an_error_of_the_writers_own_passes_and_leaves_nothing(tmp_path: Path) -> None:
    def fail(file: BinaryIO) -> None:
        file.write(b"half")
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        write(tmp_path / "a", fail)
    assert list(tmp_path.iterdir()) == []


def test_in_place_nothing_of_a_longer_file_stays_and_else_no_file_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a much longer content")
    assert write(tmp_path / "a", lambda file: file.write(b"new"), in_place=True) == hashlib.sha256(b"new").hexdigest()
    assert (tmp_path / "a").read_bytes() == b"new"
    with pytest.raises(StorageError):
        write(tmp_path / "a", lambda file: file.write(b"other"))
    assert (tmp_path / "a").read_bytes() == b"new"


def test_a_writer_that_closes_its_file_has_it_synced_all_the_same(tmp_path: Path) -> None:
    counting = durable.fail_at(10**9)
    with durable.using_backend(counting):
        write(tmp_path / "a", lambda file: (file.write(b"x"), file.close()))
    assert counting.operations == ["create", "write", "fsync"]
    assert (tmp_path / "a").read_bytes() == b"x"


def test_a_sync_that_fails_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="input/output"), durable.using_backend(durable.fail_at(3)):
        write(tmp_path / "a", lambda file: file.write(b"x"))
    assert list(tmp_path.iterdir()) == []
