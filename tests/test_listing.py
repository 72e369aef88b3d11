"""A list in a sentence."""

from __future__ import annotations

import re

import pytest

from podium.listing import list_some, shorten


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a, b"),
        ([1, 2, 3], "1, 2 and 1 more"),
        (range(1003), "0, 1 and 1,001 more"),
    ],
)
def test_a_long_list_is_cut(items: list[object], sentence: str) -> None:
    assert list_some(items, most=2) == sentence


def test_a_long_item_is_shortened_in_the_middle() -> None:
    sentence = list_some(["start" + "x" * 50_000 + "end", "b"], most=2)
    assert len(sentence) < 200
    assert sentence.startswith("startx")
    assert sentence.endswith("xend, b")


@pytest.mark.parametrize("length", [0, 99, 100])
def test_a_short_text_stays(length: int) -> None:
    assert shorten("x" * length, most=100) == "x" * length


def test_what_is_cut_is_counted() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 5000)))
    shown = shorten(text, most=100)
    start, n_cut, end = re.fullmatch(r"(.+) \.\.\. \(([\d,]+) characters\) \.\.\. (.+)", shown).groups()  # type: ignore[union-attr]
    assert text.startswith(start)
    assert text.endswith(end)
    assert len(start) + len(end) + int(n_cut.replace(",", "")) == 5000
