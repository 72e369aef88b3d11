"""Links inside a folder of Podium's: no function of `durable` makes, changes or removes anything through one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from podium import durable
from podium.durable.home import HOME_MARKS, refuse_linked_folder, refuse_no_regular_file
from podium.errors import StorageError

OLD = b"precious" * 8


def _write_part(file: object) -> None:
    file.write(b"new")  # type: ignore[attr-defined]


def _hold(folder: Path) -> None:
    with durable.hold_lock(folder):
        pass


def _map(path: Path) -> None:
    durable.open_mapped(path, (len(OLD),), np.uint8, "r+")[:] = 0


WAYS: dict[str, Callable[[Path], object]] = {
    "write a file": lambda folder: durable.write_bytes(folder / "file", b"new"),
    "write a new file": lambda folder: durable.write_json(folder / "new", {}),
    "write below": lambda folder: durable.write_text(folder / "deep" / "er" / "new", "new"),
    "append": lambda folder: durable.Journal(folder / "new.jsonl").append({"a": 1}),
    "lock": _hold,
    "lock below": lambda folder: _hold(folder / "deep"),
    "make a folder": lambda folder: durable.make_folder(folder / "more" / "deep"),
    "probe": durable.check_writable,
    "remove a file": lambda folder: durable.remove_file(folder / "file"),
    "empty a file": lambda folder: durable.remove_file(folder / "file", truncate=True),
    "remove a folder": lambda folder: durable.remove_tree(folder / "deep"),
    "remove leftovers": durable.remove_leftovers,
    "create an array": lambda folder: durable.create_mapped(folder / "file", (3,), np.uint8),
    "write to an array": lambda folder: _map(folder / "file"),
    "write a row": lambda folder: durable.RowFile(folder / "file", 1, len(OLD)).write(0, b"x" * len(OLD)),
    "commit": lambda folder: durable.commit_version(folder, 1, {"part": _write_part}),
    "commit to a slot": lambda folder: durable.commit_version(folder, 1, {"part": _write_part}, mode="slots"),
    "list": lambda folder: durable.write_manifest(folder, ["file"]),
}
"""Every function that writes, locks or removes, given a folder that is a link."""


@pytest.fixture(params=HOME_MARKS)
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / request.param).write_bytes(b"{}")
    return tmp_path / "home"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A user's folder with files whose names Podium uses too."""
    folder = tmp_path / "outside"
    (folder / "deep").mkdir(parents=True)
    for name in ("file", "deep/file", ".podium-1-0000.tmp", "slots.json"):
        (folder / name).write_bytes(OLD)
    return folder


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize("is_deep", [False, True], ids=["the folder", "a folder above"])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_goes_through_a_link_inside(way: str, is_deep: bool, home: Path, outside: Path) -> None:
    (home / "link").symlink_to(outside.parent if is_deep else outside)
    before = contents(outside)
    with pytest.raises(StorageError) as caught:
        WAYS[way](home / "link" / "outside" if is_deep else home / "link")
    assert "does not write through links" in caught.value.what
    assert caught.value.where == str(home / "link")
    assert contents(outside) == before


@pytest.mark.parametrize("way", WAYS)
def test_the_same_way_works_where_the_user_made_the_link(way: str, tmp_path: Path, outside: Path) -> None:
    """Also the check that each way above would have changed something."""
    (tmp_path / "link").symlink_to(outside)
    for name in ("run.lock", "manifest.json"):
        (outside / name).unlink(missing_ok=True)
    before = contents(outside)
    WAYS[way](tmp_path / "link")
    assert contents(outside) != before or way == "probe"  # which removes its probe again


def test_a_folder_of_podium_may_be_a_link_itself(home: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").symlink_to(home)
    durable.write_bytes(tmp_path / "runs" / "predictions" / "oof", b"new")
    assert (home / "predictions" / "oof").read_bytes() == b"new"


def test_a_relative_path_is_looked_at_too(home: Path, outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "link").symlink_to(outside)
    monkeypatch.chdir(home)
    with pytest.raises(OSError, match="link"):
        refuse_linked_folder(Path("link") / "file")
    refuse_linked_folder(Path("link"))  # the link itself may be removed


def test_the_folder_of_caches_is_marked_once(tmp_path: Path) -> None:
    for _ in range(2):
        assert durable.make_cache_folder(tmp_path / "a" / "cache") == tmp_path / "a" / "cache"
    assert set(contents(tmp_path / "a" / "cache")) <= set(HOME_MARKS)


def test_a_regular_file_or_nothing_or_a_folder_is_no_odd_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)
    for path in (tmp_path / "file", tmp_path / "nothing", tmp_path, tmp_path / "file" / "below"):
        refuse_no_regular_file(path)
    with pytest.raises(OSError, match="pipe or a device"):
        refuse_no_regular_file(Path(os.devnull))
