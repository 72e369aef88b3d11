"""Only files are read: nothing that could block or never end."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from podium import durable
from podium.durable import open_regular
from podium.errors import StorageError


def test_a_file_is_read_through_a_link_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    for name in ("a", "b"):
        with open_regular(tmp_path / name) as file:
            assert file.read() == b"12"


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "device", "socket", "folder"])
def test_what_is_no_file_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "it"
    if kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    elif kind == "device":
        path.symlink_to(os.devnull)
    else:
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to("pipe") if kind.startswith("link") else (tmp_path / "pipe").rename(path)
    with pytest.raises(OSError, match=r"a pipe or a device|folder|directory"):
        open_regular(path)
    for read in (durable.read_bytes, durable.read_json, durable.sha256_file, lambda p: durable.Journal(p).read()):
        with pytest.raises(StorageError) as caught:
            read(path)
        assert caught.value.where == str(path)


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "a")
