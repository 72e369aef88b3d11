"""Counts of cells, and guesses."""

from __future__ import annotations

from collections import Counter

from podium.curate.rows import Guess, count_values


def test_values_are_counted_most_frequent_first_and_ties_by_name() -> None:
    cells = ["b", "a", "", "c", "c", "c", "b", "a"]
    counts = count_values(cells)
    assert list(counts.items()) == [("c", 3), ("a", 2), ("b", 2)]
    assert counts == {name: n for name, n in Counter(cells).items() if name}
    assert count_values(["", ""]) == {}


def test_a_guess_says_why_and_how_to_say_otherwise() -> None:
    guess = Guess("image column", "path", "its cells are image names", "image_column='x'")
    assert str(guess) == ("Guessed image column 'path': its cells are image names. Set it with image_column='x'.")
    assert guess.to_dict() == {
        "what": "image column",
        "value": "path",
        "why": "its cells are image names",
        "option": "image_column='x'",
    }
