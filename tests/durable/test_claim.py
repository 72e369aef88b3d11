"""Folders of the user are never taken for Podium's, whatever their files are called."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from podium import durable
from podium.errors import UsageError

NAMES = ("table.csv", "table.json")


def claim(folder: Path) -> None:
    durable.check_claimable(folder, "a run", marks=("mark.json",), names=NAMES, fix="Choose another.")


@pytest.mark.parametrize("names", [(), (".DS_Store",), ("mark.json", "photo.jpg"), ("run.lock",), ("run.lock", *NAMES)])
def test_an_empty_a_marked_and_a_started_folder_are_fine(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"")
    claim(tmp_path)
    claim(tmp_path / "absent")


@pytest.mark.parametrize("names", [("photo.jpg",), NAMES, ("run.lock", "photo.jpg"), (".git",)])
def test_any_other_folder_is_refused_and_unchanged(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(UsageError, match=r"not empty, and what it holds is not a run.*Choose another") as caught:
        claim(tmp_path)
    assert caught.value.where == str(tmp_path)
    assert set(caught.value.details) == set(names) - {"run.lock"}
    assert {entry.name for entry in tmp_path.iterdir()} == set(names)


def test_what_a_process_leaves_that_dies_at_any_operation_is_claimed_again(tmp_path: Path) -> None:
    left = set()
    for k in range(1, 14):
        folder = tmp_path / str(k)
        with contextlib.suppress(durable.Death), durable.using_backend(durable.die_at(k)), durable.hold_lock(folder):
            durable.write_text(folder / "table.csv", "a")
        claim(folder)
        left.add(tuple(entry.suffix for entry in sorted(folder.iterdir())) if folder.exists() else None)
    assert left == {None, (), (".lock",), (".tmp", ".lock"), (".lock", ".csv")}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="file, not a folder"):
        claim(tmp_path / "file")
    with pytest.raises(UsageError, match="file, not a folder"):
        claim(tmp_path / "file" / "deep" / "deeper")
