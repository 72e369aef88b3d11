"""Words of the command line as the mappings that the library takes."""

from __future__ import annotations

import pytest

from podium.cli.words import read_assignments, read_numbers, read_pairs
from podium.errors import UsageError


def test_words_become_mappings() -> None:
    assert read_assignments("--classes", ["a=x, y", "b=z"]) == {"a": ("x", "y"), "b": ("z",)}
    assert read_assignments("--classes", []) == {}
    assert read_assignments("--classes", ["a=<=3,>3"]) == {"a": ("<=3", ">3")}  # the first "=" divides


def test_whole_numbers_stay_whole() -> None:
    found = read_numbers("--bins", ["age=30,60.5,-1"])
    assert found == {"age": (30, 60.5, -1)}
    assert [type(value) for value in found["age"]] == [int, float, int]


def test_pairs_divide_at_the_first_or_last_sign() -> None:
    assert read_pairs("--x", ["a=b=c"], "a=b") == {"a": "b=c"}
    assert read_pairs("--x", ["a=b=c"], "a=b", at_last=True) == {"a=b": "c"}


@pytest.mark.parametrize("word", ["a", "=x", "a=", "a=x,", "a=,x", ""])
def test_a_word_that_cannot_be_read_is_named_with_its_option(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_assignments("--classes", [word])
    assert f"cannot read --classes {word!r}" in str(caught.value)
    assert "--classes name=first,second" in str(caught.value)


@pytest.mark.parametrize("word", ["a", "=x", "a="])
def test_a_pair_without_a_side_is_refused_with_an_example(word: str) -> None:
    with pytest.raises(UsageError, match="Write --x cat=1"):
        read_pairs("--x", [word], "cat=1")


def test_text_that_is_no_number_is_named() -> None:
    with pytest.raises(UsageError, match="'ten' in --bins is not a number"):
        read_numbers("--bins", ["age=1,ten"])
