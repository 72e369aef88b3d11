"""Groups cut out of ids, and what speaks against them."""

from __future__ import annotations

import pytest

from podium.splits.hint_patterns import count_shared, cut, follows_label, is_counted, is_dated, is_numbered, words_in


def test_a_pattern_cuts_every_id_or_none() -> None:
    assert cut(r"^(\w+)_", ["ann_1.jpg", "bob_2.jpg"]) == ["ann", "bob"]
    assert cut(r"^(\w+)_", ["ann_1.jpg", "bob.jpg"]) is None
    assert cut(r"^(\w+)_", []) == []


def test_only_keys_of_two_or_more_are_shared() -> None:
    assert count_shared(["a", "b", "a", "", "", "c", "a"]) == {"a": 3}


def test_words_must_stand_before_a_number_and_not_inside_a_word() -> None:
    ids = ["Person_1.jpg", "subject 2.jpg", "superperson3.jpg", "patient.jpg"]
    assert words_in("person|subject|patient", ids) == "person|subject"
    assert words_in("person", ["cat.jpg"]) == ""


@pytest.mark.parametrize(
    ("keys", "label", "wanted"),
    [
        (["cat", "cat", "dog", "dog"], [0, 0, 1, 1], True),
        (["tabby", "siamese", "dog", "dog"], [0, 0, 1, 1], True),
        (["ann", "bob", "ann", "bob"], [0, 0, 1, 1], False),  # a key of two classes
        (["bob", "ann", "ann", "eve"], [0, 0, 1, 1], False),
        (list("abcde"), [0, 0, 0, 1, 1], True),
        (list("abcdef"), [0, 0, 0, 1, 1, 1], False),  # three keys a class
    ],
)
def test_keys_that_are_class_names(keys: list[str], label: list[int], wanted: bool) -> None:
    assert follows_label(keys, label) is wanted


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        (["patient1", "patient2", "patient3", "patient4"], True),
        (["ann1", "bob2", "eve3", "joe4"], False),
        (["p1", "p2", "p3", "anna"], False),
        ([*(f"a{i}" for i in range(4)), *(f"b{i}" for i in range(4))], True),  # a word for every fourth
        ([*(f"a{i}" for i in range(4)), *(f"b{i}" for i in range(3))], False),
        (["p1"], True),
        ([*(f"p{i}" for i in range(7)), "anna"], False),
    ],
)
def test_numbered_keys(keys: list[str], wanted: bool) -> None:
    assert is_numbered(keys) is wanted


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ([f"{i}" for i in range(1, 9)], True),
        (["7", "900", "45000"], False),
        (["100", "104", "108", "112"], True),  # 4 of 13 places are more than 0.3 of them
        (["100", "104", "108", "113"], False),  # 4 of 14 are not
        (["1_500", "2_9000", "3_70000"], False),  # the last number counts
        (["500_1", "9000_2", "70000_3"], True),
        (["a1", "b1", "c1"], True),
        (["a1", "b1", "c1", "d1"], False),
        ([f"{word}{i}" for word in "abcd" for i in range(10)], True),  # a word for every tenth
        ([f"{word}{i}" for word in "abcd" for i in range(10)][1:], False),
        (["cover", "back"], True),
    ],
)
def test_counted_keys(keys: list[str], wanted: bool) -> None:
    assert is_counted(keys) is wanted


@pytest.mark.parametrize(
    ("key", "wanted"),
    [("IMG_20240131", True), ("2024-01-31", True), ("20241331", False), ("120240131", False), ("18991231", False)],
)
def test_dates(key: str, wanted: bool) -> None:
    assert is_dated([key]) is wanted
    assert not is_dated([key, "none"])
