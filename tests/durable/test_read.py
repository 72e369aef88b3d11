"""A file that is missing or damaged is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium import durable
from podium.errors import CorruptFileError, StorageError


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"a": NaN}', b"[1,]", b"\xff\xfe{}", b'"\x01"', b"[" * 100_000, b"1" * 5000, b"{} x"]
)
def test_damaged_json_is_told_with_its_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(CorruptFileError) as caught:
        durable.read_json(path)
    assert caught.value.where == str(path)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert durable.read_json(tmp_path / "a.json") == {"a": 1}


def test_missing_and_unreadable_files_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(StorageError) as caught:
            durable.read_bytes(path)
        assert caught.value.where == str(path)
