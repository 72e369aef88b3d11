"""Words that name a split, and words that only sound like it."""

import pytest

from podium.tables import SPLIT_NAMES, split_of, splits_of


@pytest.mark.parametrize("word", SPLIT_NAMES)
def test_every_word_counts_in_any_case_and_with_fillers(word):
    for name in (word, word.upper(), f" {word} ", f"{word}_set", f"images-{word}2017", f"{word.capitalize()}Data"):
        assert split_of(name) == SPLIT_NAMES[word], name


@pytest.mark.parametrize(
    "name", ["train_station", "testosterone", "invalid", "", "contest", "train_test", "valley", "2"]
)
def test_other_names_are_no_split(name):
    assert split_of(name) is None


def test_names_that_differ_in_the_split_alone():
    assert splits_of(["asl_train", "asl_test", "asl"]) == {"asl_train": "train", "asl_test": "test"}
    assert splits_of(["asl_train", "bsl_test"]) == {}
