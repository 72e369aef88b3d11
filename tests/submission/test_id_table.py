"""A table between sample and images: which columns join them, and what keeps them apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from podium.errors import SubmissionError, UnknownNameError
from podium.submission import read_template
from podium.submission.id_table import IdTable, find_images, find_images_in
from podium.texttable import read_table

Sample = Callable[..., Path]
IDS = "id,label\nT0,cat\nT1,cat\nT2,cat\n"
PREDICTED = ("test/0.png", "test/1.png", "test/2.png")


def find(
    sample: Sample, table: str, text: str = IDS, predicted: Sequence[str] = PREDICTED, id_column: str | None = None
) -> IdTable:
    template = read_template(sample(text))
    return find_images(template, read_table(sample(table, "test.csv")), predicted, id_column=id_column)


@pytest.mark.parametrize(
    ("table", "key", "image", "images"),
    [
        ("id,img\nT2,0.png\nT0,1.png\nT1,2.png\n", "id", "img", ["1.png", "2.png", "0.png"]),
        ("img,key\n0.png,T0\n2.png,T1\n1.png,T2\n", "key", "img", ["0.png", "2.png", "1.png"]),
        ("n,id,img\n7,T0,0.png\n7,T1,1.png\n7,T2,2.png\n", "id", "img", ["0.png", "1.png", "2.png"]),
        # More ids than the sample asks for, whose images need no prediction.
        ("id,img\nT9,9.png\nT0,0.png\nT1,1.png\nT2,2.png\n", "id", "img", ["0.png", "1.png", "2.png"]),
        # Spaces around an id are no part of it.
        ("id,img\n T0 ,0.png\nT1,1.png\nT2,2.png\n", "id", "img", ["0.png", "1.png", "2.png"]),
        # A path says more than the number that is its row.
        ("id,row,img\nT0,1,test/0.png\nT1,2,test/1.png\nT2,0,test/2.png\n", "id", "img", list(PREDICTED)),
        # Two columns that say the same are no contradiction.
        ("id,a,b\nT0,0.png,0.png\nT1,1.png,1.png\nT2,2.png,2.png\n", "id", "a", ["0.png", "1.png", "2.png"]),
    ],
)
def test_the_columns_that_join_are_found(sample: Sample, table: str, key: str, image: str, images: list[str]) -> None:
    found = find(sample, table)
    assert (found.id_column, found.key_column, found.image_column) == ("id", key, image)
    assert found.image_of == dict(zip(["T0", "T1", "T2"], images, strict=True))


def test_an_id_is_looked_up_as_the_sample_writes_it(sample: Sample) -> None:
    found = find(sample, "id,img\nT0,0.png\nT1,1.png\n", "id,label\n T0 ,cat\nT1,cat\n")
    assert found.image_of == {" T0 ": "0.png", "T1": "1.png"}


def test_the_id_column_can_be_named(sample: Sample) -> None:
    text, table = "x,y\nU0,T0\nU1,T1\n", "a,b,img\nT0,U1,0.png\nT1,U0,1.png\n"
    with pytest.raises(SubmissionError, match=r"'a' with 'img' and 'b' with 'img'|'b' with 'img' and 'a' with 'img'"):
        find(sample, table, text)
    assert find(sample, table, text, id_column="y").image_of == {"T0": "0.png", "T1": "1.png"}
    assert find(sample, table, text, id_column="x").image_of == {"U0": "1.png", "U1": "0.png"}
    with pytest.raises(UnknownNameError):
        find(sample, table, text, id_column="z")


def test_two_id_columns_are_refused_though_they_name_the_same_images(sample: Sample) -> None:
    """The other one would be asked for answers."""
    with pytest.raises(SubmissionError, match="could both say"):
        find(sample, "key,img\nT0,0.png\nT1,1.png\n", "a,b\nT0,T0\nT1,T1\n")


def test_a_column_of_the_sample_that_repeats_itself_holds_no_ids(sample: Sample) -> None:
    found = find(sample, "id,img\ncat,2.png\nT0,0.png\nT1,1.png\nT2,2.png\n")
    assert found.id_column == "id"


@pytest.mark.parametrize(
    ("table", "message", "details"),
    [
        (
            "id,img\nT0,test/0.png\nT1,test/1.png\n",
            "1 of 3 ids of 'id' is not in column 'id'",
            ["'T2' is not in the table"],
        ),
        ("id,img\nT0,a.png\nT1,b.png\nT2,c.png\n", "no column of the table beside 'id' names predicted images", []),
        ("id\nT0\nT1\nT2\n", "no column of the table beside 'id' names predicted images", []),
        (
            "id,img\nT0,0.png\nT1,1.png\nT2,c.png\n",
            "column 'img' does not name one predicted image for each id: 1 without a prediction",
            ["'c.png' has no prediction"],
        ),
        ("id,img\nT0,0.png\nT1,1.png\nT2,1.png\n", "each id: 1 named in several rows", ["'1.png': rows 3, 4"]),
        (
            "label,id,img\ncat,T0,0.png\ncat,T0,1.png\ncat,T1,1.png\ncat,T2,2.png\n",
            "1 id has several rows in column 'id'",
            ["'T0': rows 2, 3"],
        ),
        ("id,img\nT0,0.png 1.png\nT1,1.png 2.png\nT2,0.png 2.png\n", "several images in a cell: '0.png 1.png'", []),
        (
            "id,img\nT0,0.png\nT1,1.png;2.png\nT2,2.png\n",
            "each id: 1 with several images",
            ["'1.png;2.png' names several images"],
        ),
        (
            "id,img\nT0,0.png\nT0,1.png\nT1,1.png\nT2,2.png\n",
            "1 id has several rows in column 'id'",
            ["'T0': rows 2, 3"],
        ),
        ("key,img\nU0,0.png\nU1,1.png\nU2,2.png\n", "no column of the table holds ids.*'key', 'img'", []),
        ("id,a,b\nT0,0.png,1.png\nT1,1.png,2.png\nT2,2.png,0.png\n", "'id' with 'a' and 'id' with 'b' could both", []),
    ],
)
def test_what_does_not_join_is_explained(sample: Sample, table: str, message: str, details: list[str]) -> None:
    with pytest.raises(SubmissionError, match=message) as refused:
        find(sample, table)
    assert list(refused.value.details) == details
    assert str(refused.value.where).endswith("test.csv")


def test_images_that_fit_several_predictions_are_called_so(sample: Sample) -> None:
    table = "id,img\nT0,0.png\nT1,1.png\nT2,2.png\n"
    predicted = ("left/0.png", "right/0.png", "left/1.png", "left/2.png")
    with pytest.raises(SubmissionError, match="each id: 1 that fit several predictions") as refused:
        find(sample, table, predicted=predicted)
    assert refused.value.details == ("'0.png' fits 'left/0.png' and 'right/0.png'",)
    assert "relative path" in str(refused.value.fix)


def test_a_sample_without_ids_of_its_own_is_called_so(sample: Sample) -> None:
    with pytest.raises(SubmissionError, match="no column of the sample holds an id of its own for each row"):
        find(sample, "id,img\nT0,0.png\nT1,1.png\n", "id,label\nT0,cat\nT0,cat\nT1,cat\n")


@pytest.mark.parametrize("encoding", ["euc_jp", "cp932", "cp949", "gb18030", "cp950"])
def test_few_letters_are_read_in_the_encoding_in_which_they_join(encoding: str, sample: Sample, tmp_path: Path) -> None:
    names = {"cp949": "\uac1c\ubc14", "gb18030": "\u72ac\u6d77"}.get(encoding, "\u72ac\u6d77")
    path = tmp_path / "ids.csv"
    path.write_bytes(f"id,img\nT0,{names[0]}.png\nT1,{names[1]}.png\n".encode(encoding))
    template = read_template(sample("id,label\nT0,cat\nT1,cat\n"))
    found = find_images_in(path, template, [f"test/{names[0]}.png", f"test/{names[1]}.png"])
    assert found.image_of == {"T0": f"{names[0]}.png", "T1": f"{names[1]}.png"}


def test_what_joins_in_no_encoding_names_the_guess(sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    path.write_bytes("id,img\nT0,\u72ac.png\nT1,\u6d77.png\n".encode("euc_jp"))
    with pytest.raises(SubmissionError, match=r"It was read as \w+; if its names look wrong, save it as UTF-8"):
        find_images_in(path, read_template(sample("id,label\nT0,cat\nT1,cat\n")), ["a.png", "b.png"])
