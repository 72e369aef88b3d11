"""Columns of yes and no and cells that hold lists: what is read as which, and into what numbers."""

from __future__ import annotations

import numpy as np
import pytest

from podium.curate.indicators import (
    encode_indicators,
    encode_lists,
    guess_delim,
    is_indicator,
    may_be_lists,
    read_vectors,
    split_cell,
)
from podium.errors import LabelError


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["0", "1"], True),
        (["1.0", "0"], True),
        (["True", " false "], True),
        (["-1", "1"], True),
        (["1", ""], True),
        (["0", "1", "-1"], False),
        (["0", "true"], False),
        (["0", "2"], False),
        (["", ""], False),
        ([], False),
    ],
)
def test_yes_and_no_are_one_of_three_spellings(cells: list[str], wanted: bool) -> None:
    assert is_indicator(cells) is wanted


def test_columns_are_encoded_side_by_side() -> None:
    encoded = encode_indicators(
        {"a": ["1", "0", ""], "b": ["true", "FALSE", " "], "c": ["-1", "1", ""], "d": ["", "", ""]}
    )
    assert encoded.dtype == np.int8
    assert encoded.flags["C_CONTIGUOUS"]
    assert encoded.tolist() == [[1, 1, 0, -1], [0, 0, 1, -1], [-1, -1, -1, -1]]


def test_a_column_of_other_values_is_refused_by_name() -> None:
    with pytest.raises(LabelError, match=r"column 'b' holds more than 0 and 1: .*'2'"):
        encode_indicators({"a": ["0", "1"], "b": ["0", "2"]})


def test_a_cell_is_split_into_labels_that_occur_once() -> None:
    assert split_cell(" cat | dog||cat ", "|") == ["cat", "dog"]
    assert split_cell("", "|") == []


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["cat|dog", "cat"], "|"),
        (["cat;dog", "dog;owl"], ";"),
        (["cat|dog", "owl|fox"], None),  # no label comes again
        (["a,b", "b,c", "a", "b", "c"], ","),  # each label stands alone
        (["a b", "b c", "a", "b", "c"], " "),
        (["red shirt", "blue shirt", "red shoes"], None),
        (["red shirt", "red"], None),
        (["1 2", "2 3"], " "),  # whole numbers
        (["1 2", "3 4"], None),
        (["cat", "dog", ""], None),
        ([], None),
    ],
)
def test_a_delimiter_is_believed_where_labels_come_again(cells: list[str], wanted: str | None) -> None:
    assert guess_delim(cells) == wanted


def test_doubtful_lists_are_named_and_names_are_not() -> None:
    cells = ["red shirt", "red shoes", "red"]
    assert guess_delim(cells) is None
    assert may_be_lists(cells) == " "
    assert may_be_lists(["red shirt", "blue shoes"]) is None
    assert may_be_lists(["red shirt", "red"]) is None  # a single list
    assert may_be_lists(["apparel, summer, women", "footwear, summer, men"]) == ","  # no label stands alone
    assert may_be_lists(["red shirt", "blue shirt"]) is None
    assert may_be_lists(["Paris, France", "Rome, Italy"]) is None


def test_lists_are_encoded_as_membership_says() -> None:
    rng = np.random.default_rng(0)
    classes = ["a", "b", "c", "d"]
    lists = [None if rng.random() < 0.2 else [c for c in classes if rng.random() < 0.5] for _ in range(40)]
    wanted = [[-1] * 4 if row is None else [int(c in row) for c in classes] for row in lists]
    assert encode_lists(lists, classes).tolist() == wanted
    assert encode_lists([], classes).shape == (0, 4)


@pytest.mark.parametrize(
    ("lists", "wanted"),
    [
        ([["1", "0"], ["0", "0"]], [[1, 0], [0, 0]]),
        ([["1", "0"], None], [[1, 0], [-1, -1]]),
        ([["-1", "1"], ["1", "1"]], [[0, 1], [1, 1]]),
        ([["1", "0"], ["1"]], None),  # two lengths
        ([["1"], ["0"]], None),  # one class
        ([["1", "2"]], None),
        ([None], None),
    ],
)
def test_vectors_are_lists_of_one_length(lists: list[list[str] | None], wanted: list[list[int]] | None) -> None:
    found = read_vectors(lists)
    assert (None if found is None else found.tolist()) == wanted
