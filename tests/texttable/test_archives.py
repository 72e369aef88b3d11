"""Tables in archives of their own are read; everything else about an archive is named."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from podium.curate import scan
from podium.errors import TableError
from podium.texttable import read_table

TEXT = "image,label\n0.jpg,a\n1.jpg,b\n2.jpg,a\n3.jpg,b\n"


def _zip(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)
        archive.writestr("__MACOSX/._train.csv", "x")
    return path


def test_a_zip_and_a_gzip_of_one_table_are_that_table(tmp_path: Path) -> None:
    plain = tmp_path / "train.csv"
    plain.write_text(TEXT)
    (tmp_path / "train.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    archive = _zip(tmp_path / "train.zip", train__csv=TEXT)
    for path in (archive, tmp_path / "train.csv.gz"):
        assert read_table(path).columns == read_table(plain).columns
    lines = '{"image": "0.jpg"}\n{"image": "1.jpg"}\n'
    assert read_table(_zip(tmp_path / "m.zip", m__jsonl=lines)).columns == {"image": ["0.jpg", "1.jpg"]}


def test_a_scan_finds_it_and_prefers_the_unpacked_one(tmp_path: Path) -> None:
    for i in range(4):
        (tmp_path / f"{i}.jpg").write_bytes(b"x")
    _zip(tmp_path / "train.csv.zip", train__csv=TEXT)
    assert scan(tmp_path).samples.task is not None
    assert scan(tmp_path / "train.csv.zip").samples.labels["label"].tolist() == [0, 1, 0, 1]
    (tmp_path / "train.csv").write_text(TEXT)
    assert any("'train.csv'" in note for note in scan(tmp_path).notes)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("two.csv.zip", None, "the archive holds 2 files: a.csv, b.csv"),
        ("bad.csv.zip", b"PK\x03\x04" + bytes(40), "cannot be unpacked"),
        ("bad.csv.gz", gzip.compress(TEXT.encode())[:-12], "cannot be unpacked"),
        ("no.csv.gz", b"image,label\n", "cannot be unpacked"),
    ],
    ids=["two files", "bad zip", "bad gzip", "no gzip"],  # gzip writes the time into its header
)
def test_other_archives_are_named(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    path = tmp_path / name
    if content is None:
        _zip(path, a__csv=TEXT, b__csv=TEXT)
    else:
        path.write_bytes(content)
    with pytest.raises(TableError, match=said):
        read_table(path)


@pytest.mark.parametrize(
    "text",
    ["image label\n0.jpg red cat\n1.jpg dog\n2.jpg cat\n", "0.jpg 2 1 3\n1.jpg 0 1\n2.jpg 1\n"],
)
def test_uneven_spaces_are_the_cause_that_is_named(tmp_path: Path, text: str) -> None:
    for i in range(4):
        (tmp_path / f"{i}.jpg").write_bytes(b"x")
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(Exception, match="goes on after a space"):
        scan(tmp_path)
    (tmp_path / "list.csv").write_text("image label\n0.jpg cat, red\n1.jpg dog\n")
    with pytest.raises(TableError, match="divided by spaces"):
        read_table(tmp_path / "list.csv")
