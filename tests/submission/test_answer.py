"""One answer column: its cells come back equal, and wrong cells say what they should be."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pytest

from podium.submission.answer import Answer, CellKind, as_float, as_int
from podium.tables import Head

PET = Head("pet", "single", ("cat", "dog", "owl"))
TAGS = Head("tags", "multi", ("a", "b", "c"))


def make(kind: CellKind, head: Head = PET, **changes: Any) -> Answer:
    values: dict[str, Any] = {"class_index": None, "numbers": (0, 1, 2), "thresholds": (0.5, 0.5, 0.5), "delim": " "}
    return Answer("column", head, kind, **values | changes)


@pytest.mark.parametrize(
    ("text", "whole", "decimal"),
    [
        ("7", 7, 7.0),
        ("-3", -3, -3.0),
        ("+4", 4, 4.0),
        ("1.0", None, 1.0),
        (".5", None, 0.5),
        ("1e-3", None, 0.001),
        ("1_000", None, None),
        ("nan", None, None),
        ("inf", None, None),
        ("1e999", None, None),
        ("\u0663", None, None),  # an Arabic-Indic digit, which Python's int takes
        ("", None, None),
        ("9" * 20, None, 1e20),
    ],
)
def test_numbers_are_plain_ascii(text: str, whole: int | None, decimal: float | None) -> None:
    assert as_int(text) == whole
    assert as_float(text) == decimal


@pytest.mark.parametrize(
    ("answer", "text", "meaning"),
    [
        (make("class_number"), "2", 2),
        (make("class_number", numbers=(10, 20, 30)), "20", 1),
        (make("class_name"), " owl ", 2),
        (make("decision", class_index=1), "1", 1),
        (make("probability", class_index=1), "0.25", 0.25),
        (make("name_list", TAGS), "c a", (0, 2)),
        (make("name_list", TAGS), "", ()),
        (make("number_list", TAGS, numbers=(5, 6, 7)), "7 5", (0, 2)),
        (make("name_list", top_k=2), "owl cat", (2, 0)),  # a ranking keeps its order
    ],
)
def test_cells_are_read(answer: Answer, text: str, meaning: object) -> None:
    assert answer.read(text) == meaning


@pytest.mark.parametrize(
    ("answer", "text", "message"),
    [
        (make("class_number"), "3", r"'3' .*class number of 'pet' \(0 to 2\)"),
        (make("class_name"), "Cat", "'Cat' .*class of 'pet'"),
        (make("decision", class_index=0), "2", "'2' is not 0 or 1"),
        (make("decision", class_index=0), "1.0", "is not 0 or 1"),
        (make("probability", class_index=0), "1.5", r"'1.5' is not a probability in \[0, 1\]"),
        (make("probability", class_index=0), "nan", "not a probability"),
        (make("name_list", TAGS), "a a", "'a a' names a class twice"),
    ],
)
def test_wrong_cells_say_what_they_should_be(answer: Answer, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        answer.read(text)


def test_names_are_compared_in_one_normal_form() -> None:
    head = Head("word", "single", ("caf\u00e9", "tea"))
    assert make("class_name", head).read(unicodedata.normalize("NFD", "caf\u00e9")) == 0


@pytest.mark.parametrize("value", [0.1 + 0.2, 1 / 3, 1e-300, 0.0, 1.0, 5e-324])
def test_probabilities_come_back_equal(value: float) -> None:
    answer = make("probability", class_index=0)
    assert answer.read(answer.write(value)) == value


@pytest.mark.parametrize(
    ("kind", "head", "top_k"),
    [("class_number", PET, 0), ("class_name", PET, 0), ("name_list", TAGS, 0), ("number_list", TAGS, 0),
     ("name_list", PET, 2), ("number_list", PET, 2)],
)  # fmt: skip
def test_what_is_written_is_read_again(kind: CellKind, head: Head, top_k: int) -> None:
    answer = make(kind, head, numbers=(3, 1, 2), top_k=top_k)
    probs = np.random.default_rng(1).random((20, 3))
    decided = (probs > 0.5).astype(np.int64) if head.is_multi else probs.argmax(axis=1)
    meanings = answer.meanings(probs, decided)
    assert len(meanings) == 20
    assert [answer.read(answer.write(meaning)) for meaning in meanings] == meanings


def test_rankings_are_the_most_probable_first_and_ties_keep_the_order_of_the_classes() -> None:
    probs = np.array([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]])
    assert make("name_list", top_k=2).meanings(probs, probs.argmax(axis=1)) == [(1, 2), (0, 2)]


def test_one_class_s_column_follows_the_decision_not_the_probability() -> None:
    probs, decided = np.array([[0.2, 0.5, 0.3], [0.9, 0.0, 0.1]]), np.array([2, 0])
    assert make("decision", class_index=2).meanings(probs, decided) == [1, 0]
    assert make("probability", class_index=2).meanings(probs, decided) == [0.3, 0.1]
    tags = np.array([[1, 0, 1], [0, 1, 0]])
    assert make("decision", TAGS, class_index=1).meanings(probs, tags) == [0, 1]
    assert make("name_list", TAGS).meanings(probs, tags) == [(0, 2), (1,)]


def test_probabilities_are_clipped_and_lose_a_negative_zero() -> None:
    probs = np.array([[-0.0], [1.0000001], [-1e-9]])
    answer = make("probability", Head("x", "multi", ("x",)), class_index=0)
    assert [answer.write(value) for value in answer.meanings(probs, np.zeros((3, 1), np.int64))] == [
        "0.0",
        "1.0",
        "0.0",
    ]


def test_every_single_label_row_has_one_class() -> None:
    rows = make("class_name").has_class(np.array([0, 2, 1]))
    assert rows.tolist() == [[True, False, False], [False, False, True], [False, True, False]]
