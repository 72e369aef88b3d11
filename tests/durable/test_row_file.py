from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from podium.durable import RowFile, create_mapped, fail_at, open_mapped, using_backend
from podium.errors import CorruptFileError, StorageError


def test_rows_written_by_several_writers_are_the_array(tmp_path: Path) -> None:
    create_mapped(tmp_path / "a", (5, 2, 3), np.uint8)
    writers = [RowFile(tmp_path / "a", 5, 6) for _ in range(2)]
    for row in (4, 1, 0, 3):
        writers[row % 2].write(row, bytes([row] * 6))
    for writer in writers:
        writer.close()
    array = open_mapped(tmp_path / "a", (5, 2, 3), np.uint8)
    assert array[:, 0, 0].tolist() == [0, 1, 0, 3, 4]
    assert (array == array[:, :1, :1]).all()


def test_wrong_rows_and_files_are_refused(tmp_path: Path) -> None:
    create_mapped(tmp_path / "a", (5, 6), np.uint8)
    with pytest.raises(CorruptFileError, match="30 bytes"):
        RowFile(tmp_path / "a", 5, 7)
    with pytest.raises(StorageError, match="no such file"):
        RowFile(tmp_path / "b", 5, 6)
    assert not (tmp_path / "b").exists()
    rows = RowFile(tmp_path / "a", 5, 6)
    for row, data in ((5, bytes(6)), (-1, bytes(6)), (0, bytes(5))):
        with pytest.raises(ValueError, match="a row has 6"):
            rows.write(row, data)
    rows.close()


def test_a_failing_disk_is_named(tmp_path: Path) -> None:
    create_mapped(tmp_path / "a", (5, 6), np.uint8)
    rows = RowFile(tmp_path / "a", 5, 6)
    with using_backend(fail_at(1, errno.EIO)), pytest.raises(StorageError, match="input/output"):
        rows.write(0, bytes(6))
    rows.close()
