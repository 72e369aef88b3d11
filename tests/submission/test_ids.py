from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from podium.errors import SubmissionError
from podium.submission import match_ids
from podium.tables import normalise_id, path_to_text

WHERE = Path("sample.csv")


def match(ids: list[str], predicted: list[str], **options: object) -> tuple[list[int], str]:
    found = match_ids(ids, predicted, where=WHERE, column="id", **options)  # type: ignore[arg-type]
    return found.rows.tolist(), found.rule


@pytest.mark.parametrize(
    ("ids", "predicted", "rule"),
    [
        (["t/a.jpg", "t/b.jpg"], ["t/b.jpg", "t/a.jpg"], "by path"),
        (["./t/a.jpg", "t\\b.jpg"], ["t/b.jpg", "t/a.jpg"], "by path"),
        ([" a.jpg", "b.jpg "], ["b.jpg", "a.jpg"], "by path"),
        (["t/a", "t/b"], ["t/b.jpg", "t/a.png"], "by path without ending"),
        (["a.jpg", "b.jpg"], ["t/b.jpg", "u/a.jpg"], "by path"),
        (["data/test/a.jpg", "data/test/b.jpg"], ["b.jpg", "a.jpg"], "by path, less the leading 'data/test/'"),
        (["a", "b.c"], ["t/b.c.jpg", "u/a.PNG"], "by path without ending"),
        (["0", "1"], ["00001.png", "00000.png"], "by the number in the file name"),
        (["test/0", "test/1"], ["0001.png", "0000.png"], "by the number in the file name, less the leading 'test/'"),
        (["007", "008"], ["8.jpg", "7.jpg"], "by the number in the file name"),
        (["0x", "1x"], ["1x.jfif", "t/0x.JPE"], "by path without ending"),
        (["Test/A.JPG", "test/b.jpg"], ["test/B.JPG", "test/a.jpg"], "by path"),
        (["A", "b"], ["u/B.jpg", "t/a.jpg"], "by path without ending"),
        (["0x", "1x.ppm"], ["t/1x.ppm", "t/0x.ppm"], "by path without ending"),
        (["a.dcm", "b.dcm"], ["b.jpg", "a.jpg"], "by path with another ending"),
    ],
)
def test_the_plainest_rule_that_finds_most(ids: list[str], predicted: list[str], rule: str) -> None:
    assert match(ids, predicted) == ([1, 0], rule)


def test_ids_that_differ_in_letter_case_only_are_kept_apart() -> None:
    assert match(["a", "A"], ["A.jpg", "a.jpg"]) == ([1, 0], "by path without ending")
    assert match(["a", "A", "b"], ["A.jpg", "a.jpg", "B.jpg"])[0] == [1, 0, 2]
    assert (
        "fits 'a.jpg' and 'A.jpg'" in refuse(["b", "a.JPG"], ["a.jpg", "A.jpg", "b.jpg"], allow_extra=True).details[0]
    )


def test_decomposed_hangul_finds_its_composed_id() -> None:
    names = ["얼굴/가나다.jpg", "얼굴/라마바.jpg"]
    decomposed = [unicodedata.normalize("NFD", name) for name in names]
    assert decomposed != names
    assert match(decomposed, names) == ([0, 1], "by path")
    assert match(names, [normalise_id(name) for name in decomposed]) == ([0, 1], "by path")


def test_names_that_are_not_utf8_match_by_their_letters() -> None:
    predicted = [path_to_text(os.fsdecode(b"caf\xe9.jpg")), "b.jpg"]
    assert match(["b.jpg", "café.jpg"], predicted, encoding="cp1252") == ([1, 0], "by path")


def test_an_equal_path_wins_over_an_equal_number() -> None:
    assert match(["1", "2"], ["1", "2"])[1] == "by path"


def refuse(ids: list[str], predicted: list[str], **options: object) -> SubmissionError:
    with pytest.raises(SubmissionError) as caught:
        match(ids, predicted, **options)
    assert caught.value.fix
    return caught.value


def test_missing_predictions_are_counted_and_listed() -> None:
    ids = [f"{n}.jpg" for n in range(30)]
    error = refuse(ids, [*ids[:5], "other.jpg"])
    assert "25 of 30 ids of column 'id' have no prediction; 1 prediction not in the sample" in str(error)
    assert error.details[0] == "row 7: '5.jpg' has no prediction"
    assert sum("has no prediction" in line for line in error.details) == 25
    assert error.details[-1] == "not in the sample: 'other.jpg'"


def test_left_over_predictions_are_refused_unless_allowed() -> None:
    ids = ["a.jpg", "b.jpg"]
    assert "1 prediction has no row" in str(refuse(ids, ["c.jpg", *ids]))
    assert match(ids, ["c.jpg", *ids], allow_extra=True)[0] == [1, 2]


@pytest.mark.parametrize(
    ("ids", "predicted"),
    [
        (["1.jpg"], ["a/1.jpg", "b/1.jpg"]),
        (["000"], ["0.png", "00000.png"]),
        (["x/1", "y/1"], ["1.jpg"]),
        (["0", "00"], ["0.png"]),
    ],
)
def test_names_that_fit_twice_are_refused(ids: list[str], predicted: list[str]) -> None:
    refuse(ids, predicted, allow_extra=True)


def test_what_fits_twice_is_named_with_both() -> None:
    assert "'1' fits 'a/1.jpg' and 'b/1.jpg'" in refuse(["1", "2"], ["a/1.jpg", "b/1.jpg", "2.jpg"]).details[0]
    assert "row 3: '00' means '0.png', as row 2 does" in refuse(["0", "00"], ["0.png"]).details


def test_duplicated_and_empty_ids_name_their_rows() -> None:
    assert "the first in row 4: 'a', also in row 2" in str(refuse(["a", "b", "a"], ["a", "b"]))
    assert "the first in row 3" in str(refuse(["é", "e\u0301"], ["é"]))
    assert "the first is in row 3" in str(refuse(["a", "  "], ["a"]))


def test_no_id_in_common_says_what_to_compare() -> None:
    error = refuse(["a", "b"], ["x.jpg", "y.jpg"])
    assert "2 of 2 ids" in str(error)
    assert "id_column" in str(error)
    assert "id_table='test.csv'" in str(error)
