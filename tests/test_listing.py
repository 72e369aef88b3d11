"""Counts and lists in a sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import podium
from podium.listing import agree, count_of, list_some, part_of, shorten


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


def test_number_noun_and_verb_agree() -> None:
    assert count_of(1, "entry") == "1 entry"
    assert [count_of(3, noun) for noun in ("entry", "epoch", "batch")] == ["3 entries", "3 epochs", "3 batches"]
    assert count_of(1234, "row has", "rows have") == "1,234 rows have"
    assert part_of(1, 5, "class", "is", "are") == "1 of 5 classes is"
    assert part_of(2, 5, "class", "is", "are") == "2 of 5 classes are"
    assert agree(0, "was", "were") == "were"


_COUNT = re.compile(r"^(len|plain_count|sum|int)\(.*\)$|(^|\.)n(_\w+)?$|\.(sum|count)\([^()]*\)$|^np\.count_nonzero\(")
_PLURAL = re.compile(r" (?:[a-z-]+ ){0,2}?([a-z]+s)\b")
_OTHER_WORDS = {"as", "does", "has", "is", "its", "less", "plus", "predicts", "this", "was"}


def _fixed_plurals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and words of every text that puts a plural noun after a count, so that it could say "1 images"."""
    for text in ast.walk(tree):
        for value, words in pairwise(text.values) if isinstance(text, ast.JoinedStr) else ():
            if isinstance(value, ast.FormattedValue) and isinstance(words, ast.Constant):
                plural = _PLURAL.match(str(words.value))
                if plural and plural[1] not in _OTHER_WORDS and _COUNT.search(ast.unparse(value.value)):
                    yield value.lineno, f"{ast.unparse(value.value)}{plural[0]}"


def test_a_plural_after_a_count_is_found() -> None:
    text = """f'{len(a)} other rows'; f'{x.n_images:,} images'; f'{n} of {count_of(m, "id")}'; f'{name} names'"""
    assert [words for _, words in _fixed_plurals(ast.parse(text))] == ["len(a) other rows", "x.n_images images"]


_TWO_OR_MORE = {
    "len(text) - 2 * n_kept characters",
    "len(files) images",
    "len(rows) rows",
    "n_pixels pixels",
    "n_words most likely classes",
}
"""Counts that are never 1 where they are written."""


@pytest.mark.long
def test_no_text_counts_one_images() -> None:
    source = Path(podium.__file__).parent
    found = [
        f"{path.relative_to(source)}:{line}: {words}"
        for path in sorted(source.rglob("*.py"))
        for line, words in _fixed_plurals(ast.parse(path.read_text(encoding="utf-8")))
        if words not in _TWO_OR_MORE
    ]
    assert not found, "podium.listing.count_of(n, 'image') says '1 image'"
