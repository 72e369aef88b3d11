"""The backends that fail on purpose fail where they say, and nowhere else."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest

from podium.durable import Backend, Death, die_at, fail_at, fill_disk_at, kill_at


def save(backend: Backend, path: Path) -> None:
    """Six operations: create, write, fsync, replace, fsync_dir, unlink."""
    descriptor = backend.create(path)
    try:
        backend.write(descriptor, memoryview(b"abcdef"))
        backend.fsync(descriptor)
    finally:
        os.close(descriptor)
    backend.replace(path, path.with_name("new"))
    backend.fsync_dir(path.parent)
    backend.unlink(path.with_name("new"))


@pytest.mark.parametrize("k", range(1, 7))
def test_only_the_kth_operation_fails(tmp_path: Path, k: int) -> None:
    backend = fail_at(k, errno.EDQUOT)
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the number of the error is checked
        save(backend, tmp_path / "a")
    assert caught.value.errno == errno.EDQUOT
    names = ["create", "write", "fsync", "replace", "fsync_dir", "unlink"]
    assert backend.operations == names[:k]
    save(backend, tmp_path / "b")  # the others work
    assert backend.operations[k:] == names


def test_a_write_that_fails_leaves_half_of_its_bytes(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="output"):
        save(fail_at(2), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"abc"


def test_a_full_disk_stays_full_and_lets_things_be_removed(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    backend = fill_disk_at(2)
    descriptor = backend.create(tmp_path / "a")
    for attempt in (
        lambda: backend.write(descriptor, memoryview(b"abcdef")),
        lambda: backend.write(descriptor, memoryview(b"abcdef")),
        lambda: backend.mkdir(tmp_path / "folder"),
        lambda: backend.edit(tmp_path / "old"),
        lambda: backend.replace(tmp_path / "old", tmp_path / "b"),
    ):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the number of the error is checked
            attempt()
        assert caught.value.errno == errno.ENOSPC
    assert (tmp_path / "a").read_bytes() == b"abc"  # half of the first write, nothing of the second
    backend.truncate(descriptor, 0)
    os.close(descriptor)
    backend.unlink(tmp_path / "old")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_after_death_nothing_works_and_no_code_catches_it(tmp_path: Path) -> None:
    backend = die_at(3)
    with pytest.raises(Death):
        save(backend, tmp_path / "a")
    for _ in range(2):
        with pytest.raises(Death):
            backend.unlink(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"abcdef"
    assert not issubclass(Death, Exception)


def test_a_killed_process_goes_no_further(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        save(kill_at(4), tmp_path / "a")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"abcdef"
