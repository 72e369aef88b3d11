from __future__ import annotations

from pathlib import Path

import pytest

from podium import durable
from podium.errors import StorageError


def writer(data: bytes) -> durable.PartWriter:
    return lambda file: file.write(data)


def test_files_in_folders_are_there_all_at_once(tmp_path: Path) -> None:
    files = {"a.txt": b"a", "runs/one/run.json": b"1", "runs/two/deep/x": b"2"}
    durable.write_folder(tmp_path / "new" / "bundle", {name: writer(data) for name, data in files.items()})
    home = tmp_path / "new" / "bundle"
    found = {path.relative_to(home).as_posix(): path for path in home.rglob("*")}
    assert {name: path.read_bytes() for name, path in found.items() if path.is_file()} == files


def test_an_error_in_the_last_file_leaves_nothing(tmp_path: Path) -> None:
    def fail(_file: object) -> None:
        raise StorageError("no.")

    with pytest.raises(StorageError, match="no"):
        durable.write_folder(tmp_path / "bundle", {"a/b": writer(b"x"), "c/d": fail})
    assert not list(tmp_path.iterdir())
