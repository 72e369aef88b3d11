"""Every file with a digest tells an edit, and one without tells nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium import durable
from podium.store.edits import KEPT_FILES, digest_kept, find_edits, is_edited


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in KEPT_FILES:
        (tmp_path / name).write_text(f"a,b\r\n1,{name}\r\n")
    durable.write_sealed(tmp_path / "audit.json", {"n": 3})
    return tmp_path


def test_nothing_is_edited_until_it_is(folder: Path) -> None:
    record = {"files": digest_kept(folder)}
    assert list(find_edits(folder, record)) == []
    assert not is_edited(folder / "audit.json")


@pytest.mark.parametrize("name", [*KEPT_FILES, "audit.json"])
def test_each_edit_is_found(name: str, folder: Path) -> None:
    record = {"files": digest_kept(folder)}
    path = folder / name
    path.write_text(path.read_text().replace("1", "2").replace("3", "4"))
    assert list(find_edits(folder, record)) == [name]


def test_files_of_before_and_missing_ones_tell_nothing(folder: Path) -> None:
    record = {"files": digest_kept(folder)}
    durable.write_json(folder / "audit.json", {"n": 4})
    (folder / "images.csv").unlink()
    assert list(find_edits(folder, record)) == []
    assert list(find_edits(folder, {})) == []
    assert list(find_edits(folder, {"files": "what?"})) == []
    assert list(find_edits(folder, {"files": {"../outside": "0"}})) == []  # a foreign record names no other file


def test_json_that_is_no_json_any_more_is_edited(folder: Path) -> None:
    (folder / "audit.json").write_text('{"n": 3, "sha256"')
    assert is_edited(folder / "audit.json")
    assert not is_edited(folder / "nothing.json")
