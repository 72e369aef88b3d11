"""Tables of labels with something odd or wrong in them, by name, and what must become of each."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["CASES", "NFD", "Case", "Truth"]

NFC, NFD = "가나", unicodedata.normalize("NFD", "가나")
ROWS = "image,label\na.jpg,cat\nb.jpg,dog\nc.jpg,cat\nd.jpg,dog\n"
FILES = ("a.jpg", "b.jpg", "c.jpg", "d.jpg")
PETS = {"a.jpg": "cat", "b.jpg": "dog", "c.jpg": "cat", "d.jpg": "dog"}
KOREAN = "이미지,종류\na.jpg,고양이\nb.jpg,개\nc.jpg,고양이\nd.jpg,개\n"
KOREAN_PETS = {"a.jpg": "고양이", "b.jpg": "개", "c.jpg": "고양이", "d.jpg": "개"}

Truth = Mapping[str, Any]
"""Label of each id: a name, None where missing, a set of names, or a mapping of heads to these."""


@dataclass(frozen=True)
class Case:
    """A table, and what must become of it.

    Attributes:
        table: Its content.
        read: The labels by id, where it can be read.
        refused: What the refusal must say, where it cannot; () where reading is expected.
        files: The images beside it.
        options: Further options of the command.
        said: What the notes must say, where it is read.
        name: Name of the table.
    """

    table: str | bytes
    read: Truth | None = None
    refused: tuple[str, ...] = ()
    files: Sequence[str] = FILES
    options: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    name: str = "labels.csv"


def _parquet(**columns: Sequence[Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), buffer)
    return buffer.getvalue()


def _workbook() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>" * 20)
    return buffer.getvalue()


def _rows(*pairs: str, header: str = "image,label") -> str:
    return "\n".join([header, *pairs, ""])


def _by_id(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}.jpg" for name in names)


ENCODINGS = {
    "UTF-8 with a mark": Case(KOREAN.encode("utf-8-sig"), KOREAN_PETS),
    "a mark twice": Case(b"\xef\xbb\xbf" + KOREAN.encode("utf-8-sig"), KOREAN_PETS),
    "CP949": Case(KOREAN.encode("cp949"), KOREAN_PETS, said=("cp949",)),
    "UTF-16 with a mark, little": Case(b"\xff\xfe" + KOREAN.encode("utf-16-le"), KOREAN_PETS),
    "UTF-16 with a mark, big": Case(b"\xfe\xff" + KOREAN.encode("utf-16-be"), KOREAN_PETS),
    "UTF-16 without a mark, little": Case(ROWS.encode("utf-16-le"), PETS, said=("utf-16",)),
    "UTF-16 without a mark, big": Case(ROWS.encode("utf-16-be"), PETS, said=("utf-16",)),
    "UTF-16 without a mark, Korean": Case(KOREAN.encode("utf-16-le"), KOREAN_PETS, said=("utf-16",)),
    "UTF-32": Case(KOREAN.encode("utf-32"), KOREAN_PETS),
    "Windows-1252": Case(_rows("a.jpg,café", "b.jpg,thé").encode("cp1252"), {"a.jpg": "café", "b.jpg": "thé"},
                         said=("check that names look right",)),
    "UTF-8 with one broken byte": Case(KOREAN.encode() + b"e.jpg,\xea\xb0\n", refused=("row 6", "UTF-8")),
    "CP949 cut in half a letter": Case(KOREAN.encode("cp949")[:-2], refused=("labels.csv",)),
    "another encoding named": Case(KOREAN.encode(), refused=("row 1", "ascii", "--encoding"),
                                   options=("--encoding", "ascii")),
    "zero bytes": Case(ROWS.replace("cat", "c\0t"), refused=("zero bytes", "CSV in UTF-8")),
    "UTF-16 cut in half a letter": Case(KOREAN.encode("utf-16")[:-1], refused=("utf-16",)),
}  # fmt: skip

DIALECTS = {
    "plain": Case(ROWS, PETS),
    "semicolons and decimal commas": Case("image;size;label\na.jpg;1,5;x\nb.jpg;2,5;y\n", {"a.jpg": "x", "b.jpg": "y"},
                                          said=("semicolon",)),
    "decimal commas as labels": Case("image;label\na.jpg;1,5\nb.jpg;2,5\n", {"a.jpg": "1,5", "b.jpg": "2,5"}),
    "tabs": Case(ROWS.replace(",", "\t"), PETS, said=("tab",)),
    "bars": Case(ROWS.replace(",", "|"), PETS, said=("pipe",)),
    "CR LF": Case(ROWS.replace("\n", "\r\n"), PETS),
    "CR": Case(ROWS.replace("\n", "\r"), PETS),
    "mixed line ends": Case("image,label\r\na.jpg,cat\nb.jpg,dog\rc.jpg,cat\r\nd.jpg,dog", PETS),
    "no line end at the end": Case(ROWS.rstrip("\n"), PETS),
    "empty lines everywhere": Case("\n\n" + ROWS.replace("\n", "\n\n") + "\n\n", PETS),
    "rows of commas at the end": Case(ROWS + ",\n,\n", PETS),
    "a comma at every end": Case(ROWS.replace("\n", ",\n"), PETS),
    "everything quoted": Case("\n".join(",".join(f'"{c}"' for c in r.split(",")) for r in ROWS.split()) + "\n", PETS),
    "blanks in column names": Case(ROWS.replace("image,label", " image , label "), PETS,
                                   options=("--label-columns", "label", "--image-column", "image")),
    "column names in capitals": Case(ROWS.replace("image,label", "IMAGE,Label"), PETS),
    "an index without a name": Case("," + "\n".join(f"{i - 1},{r}" for i, r in enumerate(ROWS.split()))[3:] + "\n",
                                    PETS),
    "spaces instead of commas": Case(ROWS.replace(",", " "), PETS, said=("spaces",)),
    "runs of spaces and tabs": Case(ROWS.replace(",", "  \t "), PETS, said=("spaces",)),
    "a number of rows on top": Case("4\n" + ROWS.replace(",", " "), PETS, said=("is a row count",)),
    "another delimiter named": Case(ROWS.replace(",", "\t"), refused=("--delimiter '\\t'",),
                                    options=("--delimiter", "|")),
    "a delimiter of two": Case(ROWS, refused=("one character", "'::'"), options=("--delimiter", "::")),
    "a line for Excel on top": Case("sep=;\n" + ROWS.replace(",", ";"), PETS),
    "a remark on top": Case("# made by hand\n" + ROWS, refused=("row 2", "2 cells")),
    "a quote never closed": Case(ROWS.replace("b.jpg", '"b.jpg'), refused=("row 3", "quotation mark")),
    "text after a quote": Case(ROWS.replace("b.jpg", '"b.jpg"x'), refused=("row 3",)),
    "a cell without end": Case(ROWS.replace("dog\nc", "d" * 10_000_001 + "\nc"), refused=("row 3", "a cell has")),
    "too many cells": Case(ROWS.replace("b.jpg,dog", "b.jpg,dog,big"), refused=("row 3 has 3 cells", "--delimiter")),
    "too few cells": Case(ROWS.replace("b.jpg,dog", "b.jpg"), refused=("row 3 has 1 cell",)),
    "header twice": Case(ROWS + ROWS, refused=("row 6: image",)),
    "header names twice": Case(ROWS.replace("image,label", "image,image"), refused=("'image' occurs 2", "Rename")),
    "no header": Case(ROWS.partition("\n")[2], refused=("no header", "image,label", "--no-header")),
    "no header, as asked": Case(ROWS.partition("\n")[2], PETS, options=("--no-header", "--label-columns", "2")),
}  # fmt: skip

NOT_TABLES = {
    "nothing at all": Case("", refused=("empty", "header row")),
    "blank lines": Case("\n\n \n", refused=("empty",)),
    "a mark only": Case(b"\xef\xbb\xbf", refused=("empty",)),
    "a header only": Case("image,label\n", refused=("no rows", "'image'")),
    "a workbook": Case(_workbook(), refused=("spreadsheet", "CSV"), name="labels.xlsx"),
    "a workbook called .csv": Case(_workbook(), refused=("CSV in UTF-8",)),
    "an old workbook called .csv": Case(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), refused=("old Excel",)),
    "a page called .csv": Case("<html>\n<body>Sign in</body>\n</html>\n", refused=("labels.csv",)),
    "a record called .csv": Case('{"a.jpg": "cat",\n "b.jpg": "dog"}\n', refused=("labels.csv",)),
    "text called .parquet": Case(ROWS, refused=("not a readable Parquet",), name="labels.parquet"),
    "Parquet cut short": Case(_parquet(image=FILES, label=["x", "y"] * 2)[:-20], refused=("Parquet",),
                              name="labels.parquet"),
    "Parquet": Case(_parquet(image=FILES, label=[1, 2, 1, None]),
                    {"a.jpg": "1", "b.jpg": "2", "c.jpg": "1", "d.jpg": None}, name="labels.parquet"),
    "Parquet with lists": Case(_parquet(image=FILES, tags=[["x"], ["x", "y"], [], ["y"]]),
                               {"a.jpg": {"x"}, "b.jpg": {"x", "y"}, "c.jpg": set(), "d.jpg": {"y"}},
                               name="labels.parquet"),
    "JSON lines": Case("\n".join(f'{{"file": "{name}", "label": "{PETS[name]}"}}' for name in FILES), PETS,
                       name="labels.jsonl"),
    "JSON lines with a mark and lists": Case(
        "\ufeff" + "\n".join(f'{{"file": "{name}", "tags": {tags}}}' for name, tags in
                             zip(FILES, ('["x", "y"]', "[]", "null", '["y"]'), strict=True)),
        {"a.jpg": {"x", "y"}, "b.jpg": set(), "c.jpg": None, "d.jpg": {"y"}}, name="labels.jsonl"),
    "JSON lines cut short": Case('{"file": "a.jpg", "label": "cat"}\n{"file": "b.j', refused=("line 2", "not JSON"),
                                 name="labels.jsonl"),
    "JSON lines of lists": Case('["a.jpg", "cat"]\n["b.jpg", "dog"]\n', refused=("not JSON",), name="labels.jsonl"),
    "a list in brackets": Case("image,label\na.jpg,\"['x', 'y']\"\nb.jpg,[]\nc.jpg,\nd.jpg,['y']\n",
                               {"a.jpg": {"x", "y"}, "b.jpg": set(), "c.jpg": None, "d.jpg": {"y"}}),
    "-1 beside 0 and 1": Case("image,x,y\na.jpg,1,0\nb.jpg,-1,1\nc.jpg,1,1\nd.jpg,-1,0\n",
                              refused=("--missing-values -1",)),
    "1 and nothing": Case("image,x,y\na.jpg,1,\nb.jpg,,1\nc.jpg,1,1\nd.jpg,,\n",
                          {"a.jpg": {"x"}, "b.jpg": {"y"}, "c.jpg": {"x", "y"}, "d.jpg": set()}, said=("Empty cells",)),
    "Parquet without rows": Case(_parquet(image=[], label=[]), refused=("no rows",), name="labels.parquet"),
}  # fmt: skip

IDS = {
    "007 and 7": Case(_rows("007,x", "7,y"), {"007.jpg": "x", "7.jpg": "y"}, files=_by_id("007", "7")),
    "001.jpg and 1.jpg": Case(_rows("001.jpg,x", "1.jpg,y"), {"001.jpg": "x", "1.jpg": "y"}, files=_by_id("001", "1")),
    "1 for 001.jpg": Case(_rows("1,x", "2,y"), {"001.jpg": "x", "002.jpg": "y"}, files=_by_id("001", "002"),
                          said=("by the number",)),
    "NA, nan, None, true": Case(_rows("NA,x", "nan,y", "None,x", "true,y", "null,x"),
                                {"NA.jpg": "x", "nan.jpg": "y", "None.jpg": "x", "true.jpg": "y", "null.jpg": "x"},
                                files=_by_id("NA", "nan", "None", "true", "null")),
    "1e5 and 100000": Case(_rows("1e5,x", "100000,y"), {"1e5.jpg": "x", "100000.jpg": "y"},
                           files=_by_id("1e5", "100000")),
    "1e5 for 100000.jpg": Case(_rows("1e5,x", "2,y"), refused=("row 2: 1e5",), files=_by_id("100000", "2")),
    "dates": Case(_rows("1/2,x", "3/4,y"), {"1/2.jpg": "x", "3/4.jpg": "y"}, files=("1/2.jpg", "3/4.jpg")),
    "a formula": Case(_rows("=1+1.jpg,x", "-a.jpg,y", "@b.jpg,x"), {"=1+1.jpg": "x", "-a.jpg": "y", "@b.jpg": "x"},
                      files=("=1+1.jpg", "-a.jpg", "@b.jpg")),
    "long numbers": Case(_rows("12345678901234567890,x", "12345678901234567891,y"),
                         {"12345678901234567890.jpg": "x", "12345678901234567891.jpg": "y"},
                         files=_by_id("12345678901234567890", "12345678901234567891")),
    "the same row twice": Case(ROWS + "a.jpg,cat\n", refused=("a.jpg: rows 2 and 6", "several rows per image")),
    "two rows that differ": Case(ROWS + "a.jpg,dog\n", refused=("a.jpg: rows 2 and 6", "several rows per image")),
    "twice in two spellings": Case(_rows(f"{NFC}.jpg,x", f"{NFD}.jpg,y"), refused=("rows 2 and 3",),
                                   files=(f"{NFC}.jpg", "z.jpg")),
    "twice in two cases": Case(ROWS + "A.jpg,cat\n", refused=("rows 2 and 6",)),
    "NFD on disk, NFC in the table": Case(_rows(f"{NFC}.jpg,x", "b.jpg,y"), {f"{NFC}.jpg": "x", "b.jpg": "y"},
                                          files=(f"{NFD}.jpg", "b.jpg")),
    "other case": Case(ROWS.replace("a.jpg", "A.JPG"), PETS, said=("letter case",)),
    "other case of two files": Case(_rows("a.JPG,x", "b.jpg,y"), refused=("fit several",),
                                    files=("a.jpg", "A.jpg", "b.jpg")),
    "no such file": Case(ROWS + "e.jpg,cat\n", refused=("1 of 5 rows", "row 6: e.jpg", "--allow-missing-files")),
    "no such file, allowed": Case(ROWS + "e.jpg,cat\n", PETS, options=("--allow-missing-files",), said=("1 row",)),
    "an id left empty": Case(ROWS + ",cat\n", refused=("row 6: (empty cell)",)),
    "none of the files": Case(ROWS.replace(".jpg", "x.jpg"), refused=("column 'image'", "ax.jpg", "images: a.jpg")),
    "a file without a row": Case(ROWS, PETS, files=(*FILES, "e.jpg"), said=("1 image has no row", "e.jpg")),
    "a stem of two files": Case(ROWS.replace(".jpg", ""), refused=("fit several", "a.jpg, a.png"),
                                files=(*FILES, "a.png")),
    "a name in two folders": Case(ROWS, refused=("fit several", "x/a.jpg, y/a.jpg"),
                                  files=("x/a.jpg", "y/a.jpg", *FILES[1:])),
    "a blank after the name": Case(ROWS.replace("a.jpg", "a.jpg "),
                                   {"a.jpg": "cat", "b.jpg": "dog", "c.jpg": "cat", "d.jpg": "dog"}, said=("spaces",)),
    "numbers with .0": Case(_rows("1.0,x", "2.0,y"), {"1.jpg": "x", "2.jpg": "y"}, files=_by_id("1", "2"),
                            said=("by the number",)),
    "back slashes": Case(_rows("x\\a.jpg,cat", "x\\b.jpg,dog"), {"x/a.jpg": "cat", "x/b.jpg": "dog"},
                         files=("x/a.jpg", "x/b.jpg")),
    "a path from a Windows disk": Case(_rows("C:\\data\\a.jpg,cat", "C:\\data\\b.jpg,dog"),
                                       {"a.jpg": "cat", "b.jpg": "dog"}, files=FILES[:2], said=("leading",)),
    "a path from another machine": Case(_rows("/home/me/a.jpg,cat", "/home/me/b.jpg,dog"),
                                        {"a.jpg": "cat", "b.jpg": "dog"}, files=FILES[:2], said=("leading",)),
    "a path that leads out": Case(_rows("../secret.jpg,cat", "a.jpg,dog"), refused=("row 2: ../secret.jpg",)),
    "all paths lead out": Case(_rows("../../x.jpg,cat", "../../y.jpg,dog"), refused=("labels.csv", "../../x.jpg")),
    "a path to elsewhere": Case(_rows("/etc/passwd,cat", "a.jpg,dog"), refused=("row 2: /etc/passwd",)),
}  # fmt: skip

LABELS = {
    "blanks inside and around": Case(_rows("a.jpg, big cat ", "b.jpg,dog", "c.jpg,big cat"),
                                     {"a.jpg": "big cat", "b.jpg": "dog", "c.jpg": "big cat"}, files=FILES[:3],
                                     said=("cleaned",)),
    "a hard blank": Case(_rows("a.jpg,cat\u00a0", "b.jpg,dog", "c.jpg,cat"), {"a.jpg": "cat", "b.jpg": "dog",
                         "c.jpg": "cat"}, files=FILES[:3], said=("cleaned",)),
    "quotes, commas, line ends": Case(_rows('a.jpg,"one, two"', 'b.jpg,"say ""hi"""', 'c.jpg,"line\nline"'),
                                      {"a.jpg": "one, two", "b.jpg": 'say "hi"', "c.jpg": "line\nline"},
                                      files=FILES[:3], options=("--label-kind", "single")),
    "NFC and NFD": Case(_rows(f"a.jpg,{NFC}", f"b.jpg,{NFD}", "c.jpg,dog"),
                        {"a.jpg": NFC, "b.jpg": NFC, "c.jpg": "dog"}, files=FILES[:3], said=("NFC",)),
    "names that differ in case": Case(_rows("a.jpg,cat", "b.jpg,Cat", "c.jpg,dog"),
                                      {"a.jpg": "cat", "b.jpg": "Cat", "c.jpg": "dog"}, files=FILES[:3],
                                      said=("letter case", "'Cat'", "'cat'")),
    "NA, nan and None as classes": Case(_rows("a.jpg,NA", "b.jpg,nan", "c.jpg,None", "d.jpg,NA"),
                                        {"a.jpg": "NA", "b.jpg": "nan", "c.jpg": "None", "d.jpg": "NA"},
                                        said=("--missing-values",)),
    "NA named as missing": Case(_rows("a.jpg,NA", "b.jpg,cat", "c.jpg,dog", "d.jpg,"),
                                {"a.jpg": None, "b.jpg": "cat", "c.jpg": "dog", "d.jpg": None},
                                options=("--missing-values", "NA")),
    "007 and 7 as classes": Case(_rows("a.jpg,007", "b.jpg,7"), {"a.jpg": "007", "b.jpg": "7"}, files=FILES[:2]),
    "true and false in words": Case(_rows("a.jpg,True", "b.jpg,False"), {"a.jpg": "True", "b.jpg": "False"},
                                    files=FILES[:2]),
    "all labels empty": Case(_rows(*(f"{name}," for name in FILES)), refused=("'label'", "no"),
                             options=("--label-columns", "label")),
    "one class": Case(_rows(*(f"{name},cat" for name in FILES)), refused=("'label'", "cat"),
                      options=("--label-columns", "label")),
    "no label column": Case("image\n" + "\n".join(FILES) + "\n", dict.fromkeys(FILES), said=("No labels",)),
    "a label column that is not there": Case(ROWS, refused=("'lable'", "Did you mean 'label'"),
                                             options=("--label-columns", "lable")),
    "two columns that could be it": Case("image,kind,colour\na.jpg,x,r\nb.jpg,y,s\nc.jpg,x,s\nd.jpg,y,r\n",
                                         refused=("kind, colour", "--label-columns kind")),
    "lists with bars": Case(_rows("a.jpg,x|y", "b.jpg,y", "c.jpg,x|", "d.jpg,", header="image,tags"),
                            {"a.jpg": {"x", "y"}, "b.jpg": {"y"}, "c.jpg": {"x"}, "d.jpg": None}),
    "lists with semicolons": Case(_rows("a.jpg,x;y", "b.jpg,y", "c.jpg,x", header="image,tags"),
                                  {"a.jpg": {"x", "y"}, "b.jpg": {"y"}, "c.jpg": {"x"}}, files=FILES[:3]),
    "lists with blanks, named": Case(_rows("a.jpg,x y", "b.jpg,y", header="image,tags"),
                                     {"a.jpg": {"x", "y"}, "b.jpg": {"y"}}, files=FILES[:2],
                                     options=("--label-delim", " ")),
    "columns of 0 and 1": Case("image,x,y\na.jpg,1,1\nb.jpg,0,1\nc.jpg,0,0\n",
                               {"a.jpg": {"x", "y"}, "b.jpg": {"y"}, "c.jpg": set()}, files=FILES[:3]),
    "columns of TRUE and FALSE": Case("image,x,y\na.jpg,TRUE,TRUE\nb.jpg,FALSE,TRUE\n",
                                      {"a.jpg": {"x", "y"}, "b.jpg": {"y"}}, files=FILES[:2]),
    "columns of 0, 1 and 2": Case("image,p,q\na.jpg,1,1\nb.jpg,0,1\nc.jpg,2,0\nd.jpg,2,1\ne.jpg,1,1\nf.jpg,0,0\n",
                                  refused=("could be labels",), files=(*FILES, "e.jpg", "f.jpg")),
    "decimal commas in bins": Case('image,age\na.jpg,"1,5"\nb.jpg,20\n', refused=("row 2: 1,5", "'age'"),
                                   files=FILES[:2], options=("--bins", "age=10")),
    "infinity in bins": Case("image,age\na.jpg,inf\nb.jpg,20\n", refused=("row 2: inf",), files=FILES[:2],
                             options=("--bins", "age=10")),
    "a class that was not named": Case(ROWS, refused=("'label'", "row 3: dog"), options=("--classes", "label=cat,owl")),
    "a split of other words": Case(ROWS.replace("label", "label,split").replace("cat", "cat,train").replace(
                                   "dog", "dog,later"), refused=("'split'", "row 3: later"),
                                   options=("--split-column", "split")),
}  # fmt: skip

CASES: dict[str, Case] = {**ENCODINGS, **DIALECTS, **NOT_TABLES, **IDS, **LABELS}
