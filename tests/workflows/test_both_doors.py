"""A table means the same to `podium scan` as to `podium submit`: each case goes through both with the same bytes.

As a table of labels it must join each image to its label; as a sample submission it must get each image's answer, with
no other byte changed. What one door refuses the other refuses too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from podium.curate import ScanOptions, scan
from podium.errors import PodiumError
from podium.submission import SubmissionOptions, write_submission
from podium.tables import Head, Predictions, Task, as_text_array

CLASSES = ("0", "1", "2")
HEAD = Head("label", "single", CLASSES)


@dataclass(frozen=True)
class Case:
    """A table of images with class numbers, and what it must come to.

    Args:
        table: Its bytes; the class numbers in it are right.
        labels: The class number of each image, by id; None where both doors refuse.
        refused: What both refusals must say.
    """

    table: bytes
    labels: dict[str, str] | None = None
    refused: str = ""


def _table(*cells: str, header: str = "image,label", mark: str = ",", end: str = "\n") -> str:
    rows = [header.replace(",", mark), *(f"{cell}{mark}{place % 3}" for place, cell in enumerate(cells))]
    return end.join(rows) + end


def _labels(*ids: str) -> dict[str, str]:
    return {name: str(place % 3) for place, name in enumerate(ids)}


ABC = ("a.jpg", "b.jpg", "c.jpg")
KOREAN = ("고양이.jpg", "강아지.jpg", "토끼.jpg")
DEFAULT = _table(*ABC)

CASES = {
    "plain": Case(DEFAULT.encode(), _labels(*ABC)),
    # encodings
    **{
        f"Korean in {encoding}": Case(_table(*KOREAN, header="이미지,label").encode(encoding), _labels(*KOREAN))
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp949")
    },
    "Japanese in Shift-JIS": Case(_table("ねこ.jpg", "いぬ.jpg", "とり.jpg").encode("cp932"),
                                  _labels("ねこ.jpg", "いぬ.jpg", "とり.jpg")),
    "Chinese in GB18030": Case(_table("苹果.jpg", "葡萄.jpg", "西瓜.jpg").encode("gb18030"),
                               _labels("苹果.jpg", "葡萄.jpg", "西瓜.jpg")),
    "Chinese in Big5": Case(_table("蘋果.jpg", "葡萄.jpg", "橙子.jpg").encode("big5"),
                            _labels("蘋果.jpg", "葡萄.jpg", "橙子.jpg")),
    "French in Windows-1252": Case(_table("café.jpg", "thé.jpg").encode("cp1252"), _labels("café.jpg", "thé.jpg")),
    "one damaged byte": Case(_table(*KOREAN, *KOREAN).encode().replace(b"\xea\xb3\xa0", b"\xea\xff\xa0", 1),
                             refused="row 2 is not UTF-8"),
    "zero bytes": Case(DEFAULT.replace("a", "a\0\0\0").encode(), refused="zero bytes"),
    "a zip archive": Case(b"PK\x03\x04 and more", refused="zip archive"),
    # delimiters and lines
    **{f"divided by {mark!r}": Case(_table(*ABC, mark=mark).encode(), _labels(*ABC)) for mark in ";\t| "},
    "divided by runs of spaces": Case(_table(*ABC, mark=" \t ").encode(), _labels(*ABC)),
    "Excel's line": Case(("sep=;\n" + _table(*ABC, mark=";")).encode(), _labels(*ABC)),
    "carriage returns": Case(_table(*ABC, end="\r").encode(), _labels(*ABC)),
    "empty lines": Case(("\n" + DEFAULT.replace("\n", "\n\n")).encode(), _labels(*ABC)),
    "two delimiters": Case(b"image,x;label\na.jpg,0;1\n", refused="could be split at"),
    "a short row": Case(DEFAULT.replace("b.jpg,1", "b.jpg").encode(), refused="does not have the header's 2 cells"),
    "a quote never closed": Case(DEFAULT.replace("b.jpg", '"b.jpg').encode(), refused="row 3: a quotation mark"),
    "a column twice": Case(_table(*ABC, header="label,label").encode(), refused="'label' occurs 2 times"),
    "a header alone": Case(b"image,label\n", refused="no rows"),
    # names
    "without ending": Case(_table("a", "b", "c").encode(), _labels(*ABC)),
    "ending of some": Case(_table("a", "b.jpg", "c").encode(), _labels(*ABC)),
    "another ending": Case(_table("a.dcm", "b.dcm", "c.dcm").encode(), _labels(*ABC)),
    "folder in the table": Case(_table("x/y/a.jpg", "x/y/b.jpg").encode(), _labels("a.jpg", "b.jpg")),
    "folder on the disk": Case(_table("a.jpg", "b.jpg").encode(), _labels("x/a.jpg", "y/b.jpg")),
    "other folders": Case(_table("1/a.jpg", "2/b.jpg").encode(), _labels("x/a.jpg", "y/b.jpg")),
    "letter case": Case(_table("A.JPG", "b.jpg").encode(), _labels("a.jpg", "b.jpg")),
    "back slashes": Case(_table("x\\a.jpg", ".\\x\\b.jpg").encode(), _labels("x/a.jpg", "x/b.jpg")),
    "NFD": Case(_table("가.jpg", "é.jpg").encode(), _labels("가.jpg", "é.jpg")),
    "numbers": Case(_table("0", "1", "10").encode(), _labels("0000.png", "0001.png", "0010.png")),
    "numbers below a folder": Case(_table("test/0", "test/1").encode(), _labels("0000.png", "0001.png")),
    "numbers beside names": Case(_table("0", "b").encode(), _labels("00.png", "b.png")),
    "two files of a stem": Case(_table("a", "c").encode(), refused="fit several|fits several"),
    "another split": Case(_table("train/a.jpg", "train/b.jpg").encode(), refused="names? images|no prediction"),
    "an absent folder": Case(_table("x/a.jpg", "y/b.jpg").encode(), refused="does not exist|have no prediction"),
    "two rows of an image": Case(_table("a.jpg", "./a.jpg", "b.jpg").encode(), refused="several rows|twice|share"),
    "none of the images": Case(_table("q.jpg", "r.jpg").encode(), refused="names? images|no prediction"),
}  # fmt: skip
FILES = {
    "two files of a stem": ("a.jpg", "a.png", "c.jpg"),
    "another split": ("test/a.jpg", "test/b.jpg"),
    "an absent folder": ("x/a.jpg", "z/b.jpg"),
}


def _scanned(root: Path, ids: Sequence[str]) -> dict[str, str]:
    for name in ids:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    samples = scan(root, ScanOptions(labels=root / "t.csv", label_columns=("label",))).samples
    assert samples.task is not None
    classes = samples.task.heads[0].classes
    return {name: classes[index] for name, index in zip(samples.ids, samples.labels["label"].tolist(), strict=True)}


def _submitted(root: Path, labels: dict[str, str]) -> bytes:
    """The submission for predictions that are right where the table is."""
    ids = list(labels)[::-1]
    probs = np.eye(3)[[int(labels[name]) for name in ids]]
    predictions = Predictions(Task((HEAD,)), as_text_array(ids), np.zeros(len(ids), dtype=np.int64), {"label": probs})
    write_submission(
        predictions, root / "t.csv", root / "out.csv", SubmissionOptions(answer_columns={"label": "label"})
    )
    return (root / "out.csv").read_bytes()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.labels is not None])
def test_both_doors_read_the_same(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    assert case.labels is not None
    (tmp_path / "t.csv").write_bytes(case.table)
    assert _submitted(tmp_path, case.labels) == case.table, "every answer is what the sample says already"
    shifted = {image: str((int(label) + 1) % 3) for image, label in case.labels.items()}
    assert len(_submitted(tmp_path, shifted)) == len(case.table)
    assert _scanned(tmp_path, list(case.labels)) == case.labels


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.labels is None])
def test_both_doors_refuse_the_same(name: str, tmp_path: Path) -> None:
    case, ids = CASES[name], FILES.get(name, ABC)
    (tmp_path / "t.csv").write_bytes(case.table)
    with pytest.raises(PodiumError, match=case.refused):
        _scanned(tmp_path, ids)
    with pytest.raises(PodiumError, match=case.refused):
        _submitted(tmp_path, _labels(*ids))
    assert not (tmp_path / "out.csv").exists()


def test_names_that_are_not_utf_8_are_found_by_their_letters(tmp_path: Path) -> None:
    raw = [letters.encode("cp949") + b".jpg" for letters in ("가", "나")]
    (tmp_path / "t.csv").write_bytes(_table("가.jpg", "나.jpg", header="이미지,label").encode("cp949"))
    for name in raw:
        (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    samples = scan(tmp_path, ScanOptions(labels=tmp_path / "t.csv", label_columns=("label",))).samples
    labels = dict(zip(samples.ids, map(str, samples.labels["label"].tolist()), strict=True))
    assert sorted(labels.values()) == ["0", "1"]
    assert _submitted(tmp_path, labels) == (tmp_path / "t.csv").read_bytes()
