"""Thresholds as people type them."""

from __future__ import annotations

import pytest

from podium.cli.thresholds import read_thresholds
from podium.errors import UsageError


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ([], None),
        (["0.4"], 0.4),
        (["cat=0.4"], {"cat": 0.4}),
        (["tags=cat=0.4", "dog=1"], {"tags=cat": 0.4, "dog": 1.0}),
    ],
)
def test_one_number_or_one_a_class(lines: list[str], wanted: object) -> None:
    assert read_thresholds(lines) == wanted


@pytest.mark.parametrize("lines", [["cat"], ["cat="], ["cat=high"], ["cat=0.4", "dog"]])
def test_what_is_neither_is_named(lines: list[str]) -> None:
    with pytest.raises(UsageError, match=f"cannot read --thresholds '{' '.join(lines)}'"):
        read_thresholds(lines)
