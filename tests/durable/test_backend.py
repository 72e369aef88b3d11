"""What the primitive operations refuse, and that each is announced before it runs."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from podium import durable
from podium.durable.backend import Backend, current_backend, set_backend, using_backend
from podium.errors import StorageError


class Announcing(Backend):
    """Writes down what is announced, and whether `path` existed at that moment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[tuple[str, bool]] = []

    def before(self, operation: str) -> None:
        self.heard.append((operation, self.path.exists()))


def test_each_operation_is_announced_before_it_happens(tmp_path: Path) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    backend = Announcing(path)
    descriptor = backend.create(path)
    backend.write(descriptor, memoryview(b"words"))
    backend.truncate(descriptor, 2)
    backend.fsync(descriptor)
    os.close(descriptor)
    backend.replace(path, other)
    backend.fsync_dir(tmp_path)
    backend.unlink(other)
    backend.mkdir(path)
    backend.rmdir(path)
    assert backend.heard == [
        ("create", False),
        ("write", True),
        ("truncate", True),
        ("fsync", True),
        ("replace", True),
        ("fsync_dir", False),
        ("unlink", False),
        ("mkdir", False),
        ("rmdir", True),
    ]


def test_create_takes_only_a_new_name(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    for name in ("old", "link"):
        with pytest.raises(FileExistsError):
            Backend().create(tmp_path / name)
    assert (tmp_path / "old").read_bytes() == b"old"
    assert not (tmp_path / "nothing").exists()


def test_edit_makes_a_file_and_keeps_what_is_there(tmp_path: Path) -> None:
    for expected in (b"", b"new"):
        descriptor = Backend().edit(tmp_path / "file")
        assert os.read(descriptor, 10) == expected
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, b"new")
        os.close(descriptor)


def make_link(path: Path, victim: Path, kind: str) -> int:
    """Puts a link in the place of a file; the error it must meet."""
    if kind == "hard":
        path.hardlink_to(victim)
        return errno.EMLINK
    if kind == "pipe":
        os.mkfifo(path)
        return errno.EINVAL
    path.symlink_to(victim if kind == "symbolic" else victim.with_name("nothing"))
    return errno.ELOOP


def count_open() -> int:
    """Open descriptors of this process, 0 where the system does not tell."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links are told when they are opened")
@pytest.mark.parametrize("kind", ["symbolic", "dangling", "hard", "pipe"])
def test_edit_refuses_links_and_leaves_no_descriptor_open(tmp_path: Path, kind: str) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    code = make_link(tmp_path / "file", victim, kind)
    n_open = count_open()
    for _ in range(3):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the number of the error is checked
            Backend().edit(tmp_path / "file")
        assert caught.value.errno == code
    assert count_open() <= n_open  # fewer, where what an earlier test left is collected meanwhile
    assert victim.read_bytes() == b"precious"
    assert not (tmp_path / "nothing").exists()


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links are told when they are opened")
@pytest.mark.parametrize("kind", ["symbolic", "dangling", "hard"])
def test_what_is_edited_in_place_is_never_another_file_under_its_name(tmp_path: Path, kind: str) -> None:
    """The lock, the journal and the rows of a cache."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    make_link(tmp_path / durable.LOCK_NAME, victim, kind)
    make_link(tmp_path / "journal", victim, kind)
    make_link(tmp_path / "rows", victim, kind)
    for attempt in (
        lambda: durable.hold_lock(tmp_path).__enter__(),
        lambda: durable.Journal(tmp_path / "journal").append({"a": 1}),
        lambda: durable.RowFile(tmp_path / "rows", 2, 4).write(0, memoryview(b"abcd")),
    ):
        with pytest.raises(StorageError, match=r"link|no such file") as caught:
            attempt()
        assert caught.value.fix
    assert victim.read_bytes() == b"precious"
    assert not (tmp_path / "nothing").exists()


def test_a_backend_is_swapped_for_a_block_and_comes_back_after_an_error(tmp_path: Path) -> None:
    usual, other = current_backend(), Announcing(tmp_path / "a")

    def fail_inside() -> None:
        with using_backend(other):
            assert current_backend() is other
            durable.write_bytes(tmp_path / "a", b"x")
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert current_backend() is usual
    assert {"create", "write", "fsync"} <= {name for name, _ in other.heard}
    assert set_backend(other) is usual
    assert set_backend(usual) is other
