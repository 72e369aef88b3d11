from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pytest

from podium.errors import TableError
from podium.texttable.signatures import refuse_other_formats


def _zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("train.csv", "id,label\n1,a\n")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (_zipped(), "zip archive"),
        (gzip.compress(b"id\n1\n"), "gzip"),
        (bz2.compress(b"id\n1\n"), "bzip2"),
        (lzma.compress(b"id\n1\n"), "xz"),
        (b"PAR1\x15", "Parquet"),
        (b"\xd0\xcf\x11\xe0\xa1", "old Excel"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x89PNG\r\n", "an image"),
        (b"\xff\xd8\xff\xe0", "an image"),
        (b"SQLite format 3\x00", "a database"),
    ],
    ids=["zip", "gzip", "bzip2", "xz", "parquet", "xls", "pdf", "png", "jpeg", "sqlite"],  # zip and gzip hold the time
)
def test_other_files_are_named_for_what_they_are(data: bytes, what: str) -> None:
    with pytest.raises(TableError, match=what) as caught:
        refuse_other_formats(data, Path("train.csv"))
    assert caught.value.fix


@pytest.mark.parametrize("data", [b"", b"id,label\n", b"\xef\xbb\xbfid\n", b"BZhou,1\n", "가,나\n".encode("cp949")])
def test_text_passes(data: bytes) -> None:
    refuse_other_formats(data, Path("t.csv"))
