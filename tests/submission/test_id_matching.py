from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        (["t/a.jpg", "t/b.jpg"], ["t/b.jpg", "t/a.jpg"], "path"),
        (["./t/a.jpg", "t\\b.jpg"], ["t/b.jpg", "t/a.jpg"], "path"),
        ([" a.jpg", "b.jpg "], ["b.jpg", "a.jpg"], "path, blanks around it aside"),
        (["t/a", "t/b"], ["t/b.jpg", "t/a.png"], "path without extension"),
        (["a.jpg", "b.jpg"], ["t/b.jpg", "u/a.jpg"], "file name"),
        (["data/test/a.jpg", "data/test/b.jpg"], ["b.jpg", "a.jpg"], "file name"),
        (["a", "b.c"], ["t/b.c.jpg", "u/a.PNG"], "file name without extension"),
        (["0", "1"], ["00001.png", "00000.png"], "number in the file name"),
        (["007", "008"], ["8.jpg", "7.jpg"], "number in the file name"),
        (["0x", "1x"], ["1x.jfif", "t/0x.JPE"], "file name without extension"),
        (["Test/A.JPG", "test/b.jpg"], ["test/B.JPG", "test/a.jpg"], "path, letter case aside"),
        (["A", "b"], ["u/B.jpg", "t/a.jpg"], "file name without extension, letter case aside"),
        (["0x", "1x.ppm"], ["t/1x.ppm", "t/0x.ppm"], "file name without .ppm"),
    ],
)
def test_the_strictest_rule_that_fits_all(ids: list[str], predicted: list[str], rule: str) -> None:
    assert match(ids, predicted) == ([1, 0], rule)


def test_ids_that_differ_in_letter_case_only_are_kept_apart() -> None:
    assert match(["a", "A"], ["A.jpg", "a.jpg"]) == ([1, 0], "path without extension")
    with pytest.raises(SubmissionError):
        match(["a", "A", "b"], ["A.jpg", "a.jpg", "B.jpg"])


def test_decomposed_hangul_finds_its_composed_id() -> None:
    names = ["얼굴/가나다.jpg", "얼굴/라마바.jpg"]
    decomposed = [unicodedata.normalize("NFD", name) for name in names]
    assert decomposed != names
    assert match(decomposed, names) == ([0, 1], "path")
    assert match(names, [normalise_id(name) for name in decomposed]) == ([0, 1], "path")


def test_names_that_are_not_utf8_match_by_their_bytes() -> None:
    predicted = [path_to_text(os.fsdecode(b"caf\xe9.jpg")), "b.jpg"]
    assert match(["b.jpg", "café.jpg"], predicted, encoding="cp1252") == ([1, 0], "bytes of the path")


def test_an_equal_path_wins_over_an_equal_number() -> None:
    assert match(["1", "2"], ["1", "2"])[1] == "path"


@given(
    st.lists(st.text(min_size=1, max_size=8).map(normalise_id).filter(str.strip), unique=True, min_size=1), st.randoms()
)
def test_any_names_match_themselves_in_any_order(names: list[str], random: object) -> None:
    shuffled = list(names)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    rows, _ = match(names, shuffled)
    assert [shuffled[row] for row in rows] == names


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


def test_duplicated_and_empty_ids_name_their_rows() -> None:
    assert "the first in row 4: 'a', also in row 2" in str(refuse(["a", "b", "a"], ["a", "b"]))
    assert "the first in row 3" in str(refuse(["é", "e\u0301"], ["é"]))
    assert "the first is in row 3" in str(refuse(["a", "  "], ["a"]))


def test_no_id_in_common_says_what_to_compare() -> None:
    error = refuse(["a", "b"], ["x.jpg", "y.jpg"])
    assert "2 of 2 ids" in str(error)
    assert "--id-column" in str(error)
    assert "--ids test.csv" in str(error)
