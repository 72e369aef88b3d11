"""A sealed file is read as it was written, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.durable import read_sealed, write_sealed
from podium.errors import CorruptFileError, StorageError

RECORD = {"name": "Köln", "n": 3, "ratio": 0.1 + 0.2, "parts": [1, {"a": None}]}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write_sealed(tmp_path / "a.json", RECORD)
    assert read_sealed(tmp_path / "a.json") == RECORD


@pytest.mark.slow
def test_no_changed_bit_passes(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_sealed(path, RECORD)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            with pytest.raises(CorruptFileError):
                read_sealed(path)
    for n_bytes in range(len(whole)):
        path.write_bytes(whole[:n_bytes])
        with pytest.raises(CorruptFileError):
            read_sealed(path)


def test_a_missing_one_and_one_without_a_seal_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        read_sealed(tmp_path / "none.json")
    (tmp_path / "a.json").write_text('{\n  "n": 1\n}\n')
    with pytest.raises(CorruptFileError, match="was changed after it was written"):
        read_sealed(tmp_path / "a.json")
