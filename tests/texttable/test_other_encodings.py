"""Other readings of a short table; Unicode has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.texttable import Table, read_otherwise, read_table


@pytest.mark.parametrize("encoding", ["euc_jp", "cp932", "cp949", "gb18030", "cp950"])
def test_the_right_encoding_is_among_them(encoding: str, tmp_path: Path) -> None:
    text = "\uac1c" if encoding == "cp949" else "\u72ac\u6d77"
    path = tmp_path / "t.csv"
    path.write_bytes(f"image,label\n{text},a\n".encode(encoding))

    def read(name: str) -> Table:
        return read_table(path, encoding=name)

    guessed = read_table(path)
    others = list(read_otherwise(guessed, read))
    found = {table.encoding: table.columns["image"] for table in (guessed, *others)}
    assert found[encoding] == [text]
    assert len(found) == len(others) + 1
    assert all(f"was read as {table.encoding}" in table.notes[-1] for table in others)


def test_unicode_has_no_other_reading(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("image,label\n\u72ac,a\n", encoding="utf-8")
    assert list(read_otherwise(read_table(path), lambda name: read_table(path, encoding=name))) == []
