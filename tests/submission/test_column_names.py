from __future__ import annotations

import pytest

from podium.errors import SubmissionError, UnknownNameError
from podium.submission.column_names import parse_reading, read_name, read_numbered
from podium.tables import Head, Task


@pytest.mark.parametrize(
    ("task", "name", "expected"),
    [
        ("abc", "a", ["letters=a"]),
        ("abc", "A", ["letters=a"]),
        ("abc", " b ", ["letters=b"]),
        ("abc", "label_a", ["letters=a"]),
        ("abc", "prob-b", ["letters=b"]),
        ("abc", "c_prob", ["letters=c"]),
        ("abc", "letters=c", ["letters=c"]),
        ("abc", "Letters.c", ["letters=c"]),
        ("abc", "is a", ["letters=a"]),
        ("abc", "letters", ["letters"]),
        ("abc", "d", []),
        ("abc", "ab", []),
        ("faces", "age", ["age"]),
        ("faces", "age_<30", ["age=<30"]),
        ("faces", "class", ["class"]),
        ("faces", "gender_male", ["gender=male"]),
        ("faces", "male", ["gender=male"]),
    ],
)
def test_readings_of_a_name(tasks: dict[str, Task], task: str, name: str, expected: list[str]) -> None:
    assert [reading.text for reading in read_name(name, tasks[task])] == expected
    for text in expected:
        assert parse_reading(text, tasks[task]).text == text


def test_a_class_of_two_targets_reads_twice_unless_the_target_is_named() -> None:
    task = Task((Head("hat", "single", ("yes", "no")), Head("scarf", "single", ("yes", "no"))))
    assert [reading.text for reading in read_name("yes", task)] == ["hat=yes", "scarf=yes"]
    assert [reading.text for reading in read_name("scarf_yes", task)] == ["scarf=yes"]


def test_exact_spelling_beats_another_case() -> None:
    task = Task((Head("letters", "multi", ("a", "A")),))
    assert [reading.text for reading in read_name("A", task)] == ["letters=A"]


def test_one_question_under_two_names_is_no_ambiguity() -> None:
    task = Task((Head("defect", "multi", ("defect",)),))
    assert [reading.text for reading in read_name("defect", task)] == ["defect=defect"]


@pytest.mark.parametrize("names", [["2", "0", "1"], ["c2", "c0", "c1"], ["class_3", "class_1", "class_2"]])
def test_numbered_columns_count_the_classes(tasks: dict[str, Task], names: list[str]) -> None:
    readings = read_numbered(names, tasks["pets"])
    assert [readings[name].text for name in names] == ["pet=owl", "pet=cat", "pet=dog"]


@pytest.mark.parametrize("names", [["0", "1"], ["0", "1", "3"], ["2", "3", "4"], ["a0", "b1", "c2"], ["a", "b", "c"]])
def test_numbers_with_gaps_or_of_other_counts_mean_nothing(tasks: dict[str, Task], names: list[str]) -> None:
    assert read_numbered(names, tasks["pets"]) == {}


def test_numbered_columns_of_two_targets_are_refused_unless_named(tasks: dict[str, Task]) -> None:
    with pytest.raises(SubmissionError, match="'mask' or 'age'"):
        read_numbered(["c0", "c1", "c2"], tasks["attributes"])
    assert read_numbered(["age_0", "age_1", "age_2"], tasks["attributes"])["age_2"].text == "age=>=60"


def test_unknown_readings_name_the_nearest(tasks: dict[str, Task]) -> None:
    with pytest.raises(UnknownNameError, match="'gender=male'"):
        parse_reading("gender=mal", tasks["faces"])
