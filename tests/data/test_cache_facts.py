"""Facts of a cache survive the file to the last bit; a damaged file is our error."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from podium.data.cache_facts import CacheFacts, facts_record, read_facts, write_facts
from podium.durable import sha256_file
from podium.errors import CorruptFileError
from podium.images import ImageFacts, Outcome, ShortageError, Stored
from podium.tables import as_text_array

FACTS = ImageFacts("ab" * 32, 2**40, 4000, 3000, "RGB", "JPEG", 6, 2**64 - 1, 0.1 + 0.2, True, 3)
GOOD = Stored(0, Outcome.OK, "", FACTS, 2**32 - 1)
BAD = Stored(1, Outcome.EMPTY, "no bytes in " + os.fsdecode(b"caf\xe9"), None, 0)


def write(path: Path, records: list[list[Any]]) -> tuple[Any, CacheFacts]:
    write_facts(path, as_text_array([f"{i}.jpg" for i in range(len(records))]), records)
    return read_facts(path, sha256_file(path))


def test_facts_come_back_exactly(tmp_path: Path) -> None:
    ids, facts = write(tmp_path / "facts.parquet", [facts_record(GOOD), facts_record(BAD)])
    assert ids.tolist() == ["0.jpg", "1.jpg"]
    assert len(facts) == 2
    assert facts.outcome.tolist() == ["ok", "empty"]
    assert facts.reason.tolist() == ["", BAD.reason]
    assert facts.crc32.tolist() == [2**32 - 1, 0]
    for name in (field.name for field in fields(ImageFacts)):
        assert getattr(facts, name)[0] == getattr(FACTS, name), name
        assert not getattr(facts, name)[1], name


def test_columns_have_the_types_they_promise_and_are_read_only(tmp_path: Path) -> None:
    ids, facts = write(tmp_path / "facts.parquet", [facts_record(GOOD)])
    assert not ids.flags.writeable
    types: dict[str, type] = {"phash": np.uint64, "crc32": np.uint32, "brightness": np.float64, "has_alpha": np.bool_}
    types |= dict.fromkeys(("value_low", "value_high", "range_low", "range_high"), np.float64)
    texts = {"outcome", "reason", "sha256", "mode", "format"}
    for column in fields(CacheFacts):
        array = getattr(facts, column.name)
        assert array.dtype == (object if column.name in texts else types.get(column.name, np.int64)), column.name
        assert not array.flags.writeable, column.name


def test_many_rows_of_few_and_of_many_texts_keep_their_order(tmp_path: Path) -> None:
    n = 1500
    records = [
        facts_record(Stored(i, Outcome.EMPTY if i % 3 else Outcome.MISSING, f"reason {i}", None, i)) for i in range(n)
    ]
    ids, facts = write(tmp_path / "facts.parquet", records)
    assert ids.tolist() == [f"{i}.jpg" for i in range(n)]
    assert facts.reason.tolist() == [f"reason {i}" for i in range(n)]
    assert facts.outcome.tolist() == ["empty" if i % 3 else "missing" for i in range(n)]
    assert facts.crc32.tolist() == list(range(n))
    assert len({id(text) for text in facts.outcome}) == 2


def test_no_images_are_no_rows(tmp_path: Path) -> None:
    ids, facts = write(tmp_path / "facts.parquet", [])
    assert len(ids) == len(facts) == 0


@pytest.mark.parametrize("kind", ["MemoryError", "ArrowMemoryError"])
def test_a_lack_of_memory_is_no_damage(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def fail(*_arguments: object, **_options: object) -> None:
        raise MemoryError if kind == "MemoryError" else pa.ArrowMemoryError("malloc of size 64 failed")

    write(tmp_path / "facts.parquet", [facts_record(GOOD)])
    monkeypatch.setattr(pq.ParquetFile, "read", fail)
    with pytest.raises(ShortageError, match="out of memory"):
        read_facts(tmp_path / "facts.parquet", sha256_file(tmp_path / "facts.parquet"))


@pytest.mark.parametrize("damage", ["absent", "empty", "garbage", "half", "column", "bit"])
def test_a_file_that_is_not_what_was_written_is_corrupt(tmp_path: Path, damage: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "facts.parquet"
    write(path, [facts_record(GOOD)])
    sha256 = sha256_file(path)
    if damage == "absent":
        path.unlink()
    elif damage == "column":
        pq.write_table(pa.table({"id": pa.array([b"a"])}), path)
        sha256 = sha256_file(path)
    elif damage == "bit":
        whole = bytearray(path.read_bytes())
        whole[whole.index(b"ab" * 32)] ^= 1  # one letter of a SHA-256: read without an error, and another file's
        path.write_bytes(whole)
    else:
        whole = path.read_bytes()
        path.write_bytes({"empty": b"", "garbage": b"\x00" * 500, "half": whole[: len(whole) // 2]}[damage])
    with pytest.raises(CorruptFileError, match=r"facts\.parquet"):
        read_facts(path, sha256)


def test_a_path_that_is_not_utf8_is_read(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    ids, _ = write(folder / "facts.parquet", [facts_record(GOOD)])
    assert ids.tolist() == ["0.jpg"]
