"""A list in a sentence."""

from __future__ import annotations

import pytest

from podium.listing import list_some


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
