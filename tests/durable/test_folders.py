"""Folders are probed before work, removed without following links, and no path leaves its root."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium import durable
from podium.errors import DataError, StorageError


def test_a_writable_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    durable.check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EIO])
def test_each_refused_operation_of_the_probe_is_an_error_and_leaves_nothing(tmp_path: Path, code: int) -> None:
    for k in range(1, 4):
        with durable.using_backend(durable.fail_at(k, code)), pytest.raises(StorageError) as caught:
            durable.check_writable(tmp_path)
        assert caught.value.where == str(tmp_path)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="permission denied"):
            durable.check_writable(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(StorageError) as caught:
        durable.check_writable(tmp_path / "run")
    assert str(tmp_path / "run") in str(caught.value)
    with pytest.raises(StorageError):
        durable.make_folder(tmp_path / "run" / "deeper")


def test_more_space_than_there_is_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="bytes needed"):
        durable.check_writable(tmp_path, needed=1 << 60)


def test_a_tree_is_removed_and_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("kept")
    tree = tmp_path / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "deep" / "file").write_text("x")
    (tree / "link").symlink_to(tmp_path / "outside")
    (tree / "hard").hardlink_to(tmp_path / "outside" / "kept")
    durable.remove_tree(tree, truncate=True)
    assert not tree.exists()
    assert (tmp_path / "outside" / "kept").read_text() == "kept"
    durable.remove_tree(tree)  # nothing there, nothing to do
    (tmp_path / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(StorageError):
        durable.remove_tree(tmp_path / "link")
    assert (tmp_path / "outside" / "kept").exists()


def test_truncating_happens_before_removing(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 100)
    backend = durable.FaultyBackend(lambda *_: False, lambda: pytest.fail("none"))
    with durable.using_backend(backend):
        durable.remove_file(tmp_path / "big", truncate=True)
        durable.remove_file(tmp_path / "big", truncate=True)
    assert backend.operations == ["edit", "truncate", "unlink"]
    assert list(tmp_path.iterdir()) == []


def test_only_own_leftovers_are_removed(tmp_path: Path) -> None:
    for name in (".podium-1-ab.tmp", "a.tmp", ".podium-notes", "data.csv"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".podium-2-cd.tmp").touch()
    (tmp_path / ".podium-3-ef.tmp").mkdir()
    (tmp_path / ".podium-3-ef.tmp" / "part").touch()
    assert durable.remove_leftovers(tmp_path) == [".podium-1-ab.tmp", ".podium-2-cd.tmp", ".podium-3-ef.tmp"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [".podium-notes", "a.tmp", "data.csv"]
    assert durable.remove_leftovers(tmp_path / "missing") == []


@pytest.mark.parametrize(
    "bad", ["", ".", "/etc/passwd", "..", "../x", "a/../../x", "a/..", "a\0b", "out/x", "out", "loop/x", "up/x"]
)
def test_paths_that_leave_the_root_are_refused(tmp_path: Path, bad: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").mkdir()
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "up").symlink_to("..")
    (root / "loop").symlink_to("loop")
    with pytest.raises(DataError) as caught:
        durable.resolve_inside(root, bad)
    assert str(root) in str(caught.value)


def test_paths_inside_are_resolved_even_when_the_root_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "real" / "sub").mkdir(parents=True)
    (tmp_path / "root").symlink_to("real")
    (tmp_path / "real" / "inner").symlink_to("sub")
    expected = (tmp_path / "real" / "sub" / "가 b,c.png").resolve()
    assert durable.resolve_inside(tmp_path / "root", "sub/가 b,c.png") == expected
    assert durable.resolve_inside(tmp_path / "root", "inner/가 b,c.png") == expected
    assert durable.resolve_inside(tmp_path / "root", "./sub/..hidden").name == "..hidden"


@pytest.mark.slow
@given(st.lists(st.sampled_from(["a", "..", ".", "", "~", "c:", "\\", "/", "\0"]), max_size=6).map("/".join))
def test_no_combination_of_parts_leaves_the_root(tmp_path_factory: pytest.TempPathFactory, relative: str) -> None:
    root = tmp_path_factory.getbasetemp() / "root"
    root.mkdir(exist_ok=True)
    try:
        found = durable.resolve_inside(root, relative)
    except DataError:
        return
    assert os.path.commonpath([found, root.resolve()]) == str(root.resolve())
    assert found != root.resolve()
