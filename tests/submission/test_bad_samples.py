"""Samples and options that are wrong: every one is refused with the place and the remedy in the message."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podium.errors import PodiumError, SubmissionError, TableError, UsageError
from podium.submission import SubmissionOptions, write_submission
from podium.tables import Predictions, Task


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("sample.csv", "id,ans\nx,0\n")
    return buffer.getvalue()


LETTER_HEADER = "index," + ",".join("abcdefghijklmnopqrstuvwxyz")
ZEROS = ",0" * 26

# task, content of the sample, options, what the message must say (regular expressions, all of them)
CASES: dict[str, tuple[str, str | bytes, dict[str, Any], list[str]]] = {
    # the file
    "empty file": ("pets", "", {}, ["is empty"]),
    "only blank lines": ("pets", "\n\n  \n", {}, ["is empty"]),
    "only a mark": ("pets", b"\xef\xbb\xbf", {}, ["is empty"]),
    "excel workbook or zip": ("pets", zipped(), {}, ["zip archive or an Excel", "CSV"]),
    "gzip": ("pets", gzip.compress(b"id,ans\nx,0\n"), {}, ["gzip", "Unpack"]),
    "parquet": ("pets", b"PAR1\x15\x04\x15", {}, ["Parquet", "CSV"]),
    "old excel": ("pets", b"\xd0\xcf\x11\xe0\xa1\xb1", {}, ["old Excel"]),
    "an image": ("pets", b"\x89PNG\r\n\x1a\n", {}, ["an image"]),
    "a pdf": ("pets", b"%PDF-1.7", {}, ["a PDF"]),
    "zero bytes": ("pets", b"id,ans\nx\x00\x00\x00y,0\n", {}, ["zero bytes", "UTF-8"]),
    "not the encoding that was named": (
        "pets",
        b"id,ans\nx\xe9,0\n",
        {"encoding": "utf-8"},
        ["row 2", "utf-8", "cp949"],
    ),
    "unknown encoding": ("pets", "id,ans\nx,0\n", {"encoding": "utf-7000"}, ["no encoding 'utf-7000'"]),
    "cut utf-16": ("pets", "\ufeffid,ans\nx,0\n".encode("utf-16-le")[:-1], {}, ["utf-16-le"]),
    # the table
    "one column": ("pets", "id\nx\ny\n", {}, ["one column", "Add the answer column"]),
    "wrong delimiter named": (
        "pets",
        "id;ans\nx;0\n",
        {"delimiter": ","},
        ["one column", "delimiter=';'"],
    ),
    "two delimiters fit": ("pets", "id,a;ans\nx,0;1\n", {}, ["';'", "','", "Name the delimiter"]),
    "other delimiter below the header": ("pets", "id,ans\nx;0\n", {}, ["1 row does not have the header's 2 cells"]),
    "short row": ("pets", "id,ans\nx,0\ny\n", {}, ["1 row does not have the header's 2 cells"]),
    "long row": ("pets", "id,ans\nx,0\ny,0,1\n", {}, ["1 row does not", "Quote"]),
    "unquoted comma in a name": ("pets", "id,ans\nx, the cat.jpg,0\n", {}, ["1 row does not", "Quote"]),
    "header only": ("pets", "id,ans\n", {}, ["no rows"]),
    "no header": ("pets", "x.jpg,0\ny.jpg,0\n", {}, ["row 1", "x.jpg", "no header"]),
    "column twice": ("pets", "id,ans,ans\nx,0,0\n", {}, ["column 'ans' occurs 2 times"]),
    "quote never closed": ("pets", 'id,ans\n"x,0\ny,0\n', {}, ["row 2", "never closed"]),
    "text after a quote": ("pets", 'id,ans\n"x"y,0\n', {}, ["row 2", "text follows the closing quotation mark"]),
    # ids
    "ids twice": ("pets", "id,ans\nx,0\ny,0\nx,0\n", {}, ["'id'", "row 4", "row 2", "twice"]),
    "ids twice, composed and not": ("pets", "id,ans\né,0\ne\u0301,0\n", {}, ["row 3", "row 2", "twice"]),
    "empty id": ("pets", "id,ans\nx,0\n,0\n", {}, ["'id'", "row 3", "empty"]),
    "trailing rows of commas": ("pets", "id,ans\nx,0\ny,0\n,\n,\n", {}, ["2 ids", "row 4", "empty"]),
    "row without image": ("pets", "id,ans\nx,0\ny,0\nz,0\n", {}, ["1 of 3 ids", "no prediction"]),
    "image without row": ("pets", "id,ans\nx,0\n", {}, ["1 prediction has no row", "allow_extra=True"]),
    "other images": ("pets", "id,ans\nu,0\nv,0\n", {}, ["2 of 2 ids", "folder"]),
    "two id columns": ("pets", "image,file,ans\nu.jpg,v.jpg,0\n", {}, ["'image' and 'file'", "id_column"]),
    "two names of ids": ("pets", "name,id,ans\nu,v,0\n", {}, ["'name' and 'id'", "id_column"]),
    "no id column": ("pets", "u,v\n0,0\n0,0\n", {}, ["'u', 'v'", "id_column"]),
    "id column that is not there": ("pets", "id,ans\nx,0\n", {"id_column": "idd"}, ["column 'idd'", "'id'"]),
    # columns
    "answer column that is not there": (
        "pets",
        "id,ans\nx,0\n",
        {"answer_columns": {"anss": "pet"}},
        ["'anss'", "'ans'"],
    ),
    "target that is not there": ("pets", "id,ans\nx,0\n", {"answer_columns": {"ans": "pets"}}, ["'pets'", "'pet'"]),
    "class that is not there": (
        "abc",
        "id,z\nx,0\n",
        {"answer_columns": {"z": "letters=z"}},
        ["letters=z", "letters=c"],
    ),
    "no answer columns": ("pets", "id,ans\nx,0\n", {"answer_columns": {}}, ["answer_columns: is empty"]),
    "id column as answer": (
        "pets",
        "id,ans\nx,0\n",
        {"answer_columns": {"id": "pet"}, "id_column": "id"},
        ["'id'", "id_column"],
    ),
    "values of no column": ("pets", "id,ans\nx,0\n", {"values": {"anss": "class_name"}}, ["'anss'", "'ans'"]),
    "columns that name nothing": ("pets", "id,u,v\nx,0,0\ny,0,0\n", {}, ["'u', 'v'", "answer_columns", "pet"]),
    "a class column too many": ("abc", "id,a,b,c,d\nx,0,0,0,0\ny,0,0,0,0\n", {}, ["'d'", "answer_columns"]),
    "a class column too few": ("abc", "id,a,b\nx,0,0\ny,0,0\n", {}, ["1 of 3 classes of 'letters'", "c"]),
    "a class in two columns": ("abc", "id,a,b,c,prob_a\nx,0,0,0,0\ny,0,0,0,0\n", {}, ["'a' and 'prob_a'", "letters=a"]),
    "one column for several heads": (
        "attributes",
        "id,ans\nx,0\ny,0\n",
        {},
        ["'mask' or 'gender' or 'age'", "answer_columns"],
    ),
    # values
    "class number too high": ("pets", "id,ans\nx,0\ny,3\n", {}, ["row 3, column 'ans'", "'3'", "0 to 2"]),
    "numbers from 1": ("pets", "id,ans\nx,1\ny,3\n", {}, ["row 3, column 'ans'", "counts from 1", "class_numbers"]),
    "negative class number": ("pets", "id,ans\nx,-1\ny,0\n", {}, ["row 2, column 'ans'", "'-1'"]),
    "unknown class name": ("pets", "id,ans\nx,cat\ny,cow\n", {}, ["row 3, column 'ans'", "'cow'", "cat, dog, owl"]),
    "class name of other case": ("pets", "id,ans\nx,cat\ny,Cat\n", {}, ["row 3", "'Cat'"]),
    "empty answers": (
        "pets",
        "id,ans\nx,\ny,\n",
        {},
        ["row 2 is empty", "values='class_number'` or `values='class_name'"],
    ),
    "missing marks": ("pets", "id,ans\nx,NaN\ny,NaN\n", {}, ["row 2, column 'ans'", "'NaN'"]),
    "decimals for classes": ("pets", "id,ans\nx,0.0\ny,0.0\n", {}, ["column 'ans'", "decimal numbers", "class_number"]),
    "numbers that are names": ("grades", "id,ans\nx,1\ny,2\n", {}, ["values='class_number'` or `values='class_name'"]),
    "place holders for number names": (
        "grades",
        "id,ans\nx,0\ny,0\n",
        {},
        ["values='class_number'` or `values='class_name'"],
    ),
    "decisions that are neither": ("abc", "id,a,b,c\nx,0,0,0\ny,0,2,0\n", {}, ["row 3, column 'b'", "'2'"]),
    "decisions that are words": ("abc", "id,a,b,c\nx,0,0,yes\ny,0,0,0\n", {}, ["row 2, column 'c'", "'yes'"]),
    "decisions that are empty": (
        "abc",
        "id,a,b,c\nx,0,,0\ny,0,0,0\n",
        {},
        ["column 'b'", "values='decision'` or `values='probability'"],
    ),
    "probability nan": ("abc", "id,a,b,c\nx,0.5,nan,0.5\ny,0.5,0.5,0.5\n", {}, ["row 2, column 'b'", "'nan'"]),
    "probability above 1": ("abc", "id,a,b,c\nx,0.5,1.5,0.5\ny,0.5,0.5,0.5\n", {}, ["row 2, column 'b'", "'1.5'"]),
    "probability of three in one column": (
        "pets",
        "id,ans\nx,0\ny,0\n",
        {"values": "probability"},
        ["'ans'", "3 classes"],
    ),
    "names in class columns": (
        "abc",
        "id,a,b,c\nx,0,0,0\ny,0,0,0\n",
        {"values": "class_name"},
        ["'a'", "'decision' or 'prob"],
    ),
    "two kinds for one target": (
        "abc",
        "id,a,b,c\nx,0,0,0\ny,0,0,0\n",
        {"values": {"a": "decision", "b": "probability"}},
        ["'letters'", "one kind"],
    ),
    # lists
    "list that shows no delimiter": ("abc", "id,labels\nx,a\ny,b\n", {}, ["column 'labels'", "label_delim"]),
    "empty lists": ("abc", "id,labels\nx,\ny,\n", {}, ["column 'labels'", "label_delim"]),
    "list of unknown labels": ("abc", "id,labels\nx,a b\ny,a q\n", {}, ["row 3, column 'labels'", "'q'", "a, b, c"]),
    "list with a label twice": ("abc", "id,labels\nx,a a\ny,a b\n", {}, ["row 2, column 'labels'", "twice"]),
    "list of probabilities": ("abc", "id,labels\nx,a b\ny,a\n", {"values": "probability"}, ["'labels'", "class_name"]),
    # options
    "threshold of no class": ("abc", "id,a,b,c\nx,0,0,0\ny,0,0,0\n", {"thresholds": {"z": 0.3}}, ["thresholds", "'z'"]),
    "class numbers incomplete": (
        "pets",
        "id,ans\nx,0\ny,0\n",
        {"class_numbers": {"cat": 1}},
        ["class_numbers", "dog, owl"],
    ),
    "class numbers alike": (
        "pets",
        "id,ans\nx,0\ny,0\n",
        {"class_numbers": {"cat": 1, "dog": 1, "owl": 2}},
        ["class_numbers", "same number"],
    ),
    "letters with a wrong cell": (
        "letters",
        f"{LETTER_HEADER}\nx{ZEROS}\ny{ZEROS[:-1]}7\n",
        {},
        ["row 3, column 'z'", "'7'"],
    ),
}


def test_there_are_sixty_of_them() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_refused_with_place_and_remedy(
    name: str,
    tasks: dict[str, Task],
    predict: Callable[..., Predictions],
    sample: Callable[..., Path],
    tmp_path: Path,
) -> None:
    task, content, options, said = CASES[name]
    out = tmp_path / "out.csv"
    out.write_text("old")
    path = sample(content)
    with pytest.raises((SubmissionError, TableError, UsageError)) as caught:
        write_submission(predict(tasks[task], ["x", "y"]), path, out, SubmissionOptions(**options))
    message = str(caught.value)
    for pattern in said:
        assert re.search(pattern, message), message
    assert caught.value.fix or isinstance(caught.value, UsageError), message
    assert isinstance(caught.value, UsageError) or str(path) in message
    assert out.read_text() == "old"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"values": "classname"}, "class_name"),
        ({"values": {"a": "number"}}, "number"),
        ({"when_none": "nothing"}, "when_none"),
        ({"thresholds": 1.5}, r"\[0, 1\]"),
        ({"thresholds": {"a": float("nan")}}, "'a'"),
        ({"label_delim": ""}, "label_delim"),
        ({"delimiter": "::"}, "one character"),
    ],
)
def test_options_that_mean_nothing(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        SubmissionOptions(**options)


def test_the_sample_itself_is_never_overwritten(
    tasks: dict[str, Task], predict: Callable[..., Predictions], sample: Callable[..., Path]
) -> None:
    path = sample("id,ans\nx,0\ny,0\n")
    with pytest.raises(UsageError, match="another file"):
        write_submission(predict(tasks["pets"], ["x", "y"]), path, path.parent / "." / path.name)
    assert path.read_text() == "id,ans\nx,0\ny,0\n"


def test_a_missing_sample_is_named(tasks: dict[str, Task], predict: Callable[..., Predictions], tmp_path: Path) -> None:
    with pytest.raises(PodiumError, match=r"none\.csv: there is no such file"):
        write_submission(predict(tasks["pets"], ["x"]), tmp_path / "none.csv", tmp_path / "out.csv")
