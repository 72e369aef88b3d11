"""Options of a scan that cannot be meant are refused by name, and columns are called as the table spells them."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest

from podium.curate.options import ScanOptions
from podium.dataset import FoldOptions
from podium.errors import PodiumError, UsageError


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layout": "tabel"}, "'tabel'"),
        ({"label_kind": "both"}, "'both'"),
        ({"layout": "pattern"}, "pattern"),
        ({"pattern": "{a}", "labels": Path("x.csv")}, "labels"),
        ({"layout": "folders", "labels": Path("x.csv")}, r"x\.csv"),
        ({"header": False, "layout": "folders"}, "header"),
        ({"header": False, "pattern": "{a}"}, "header"),
        ({"label_delim": ""}, "label_delim"),
        ({"delimiter": ""}, "delimiter"),
        ({"label_colums": ("a",)}, "label_columns"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(PodiumError, match=words):
        ScanOptions(**options)


def test_plain_text_is_taken_for_a_path_and_for_one_name() -> None:
    options = ScanOptions(labels="a/x.csv", ordinal="age")  # type: ignore[arg-type]
    assert options.labels == Path("a/x.csv")
    assert options.ordinal == ("age",)


def test_every_column_is_called_as_the_table_spells_it() -> None:
    name = "\ub098\uc774"
    spelt = unicodedata.normalize("NFD", name)
    options = ScanOptions(
        image_column=spelt,
        label_columns=(spelt,),
        group=spelt,
        split_column=spelt,
        fold_column=spelt,
        classes={spelt: ("a", "b")},
        bins={spelt: (1.0,)},
        ordinal=(spelt,),
        composite_column=spelt,
    ).with_named_columns()
    wanted = ScanOptions(
        image_column=name,
        label_columns=(name,),
        group=name,
        split_column=name,
        fold_column=name,
        classes={name: ("a", "b")},
        bins={name: (1.0,)},
        ordinal=(name,),
        composite_column=name,
    )
    assert options == wanted
    assert wanted.with_named_columns() == wanted


def test_numbers_name_columns_only_where_there_is_no_header() -> None:
    assert ScanOptions(header=False, group="3").with_named_columns().group == "column_3"
    assert ScanOptions(group="3").with_named_columns().group == "3"


@pytest.mark.parametrize("field", ["group", "image_column", "split_column", "weight_column", "pattern"])
@pytest.mark.parametrize("value", [["id"], 3])
def test_one_name_is_text(field: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"{field}: expected text, got {type(value).__name__}"):
        ScanOptions(**{field: value})  # type: ignore[arg-type]


def test_one_name_is_one_name_and_not_its_letters() -> None:
    """`label_columns="label"` would be read as the columns l, a, b, e and l."""
    assert ScanOptions(labels="t.csv", label_columns="label").label_columns == ("label",)  # type: ignore[arg-type]
    assert ScanOptions(labels="t.csv", label_columns=["age", "sex"]).label_columns == ("age", "sex")  # type: ignore[arg-type]
    assert ScanOptions(missing_values="NA").missing_values == ("NA",)  # type: ignore[arg-type]
    assert FoldOptions(allow_leaks="same_group").allow_leaks == ("same_group",)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="label_columns: expected text, got"):
        ScanOptions(labels="t.csv", label_columns=[1])  # type: ignore[list-item, arg-type]
    with pytest.raises(UsageError, match="allow_leaks: expected text, got int"):
        FoldOptions(allow_leaks=3)  # type: ignore[arg-type]
