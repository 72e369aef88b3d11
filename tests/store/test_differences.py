"""Lines for every leaf that differs, and none where nothing does."""

from __future__ import annotations

from typing import Any

import pytest

from podium.store.differences import list_differences


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ({}, {}, []),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 2]}}, []),
        ({"a": 1}, {"a": 2}, ["a: 1 -> 2"]),
        ({"a": {"b": {"c": "x"}}}, {"a": {"b": {"c": "y"}}}, ["a.b.c: x -> y"]),
        ({"a": None}, {}, ["a: null -> (absent)"]),
        ({}, {"a": None}, ["a: (absent) -> null"]),
        ({"a": {"b": 1}}, {"a": 3}, ["a: {b: 1} -> 3"]),
        ({"a": True}, {"a": ["plain", ""]}, ["a: true -> [plain, '']"]),
        ({"a": [{"kind": "rotate", "degrees": 3.0}]}, {"a": []}, ["a: [{kind: rotate, degrees: 3.0}] -> []"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a: [1] -> [1, 2]"]),
        ({"b": 1, "a": 1}, {"a": 2, "c": 1, "b": 2}, ["b: 1 -> 2", "a: 1 -> 2", "c: (absent) -> 1"]),
    ],
)
def test_every_leaf_that_differs_has_a_line(old: dict[str, Any], new: dict[str, Any], lines: list[str]) -> None:
    assert list_differences(old, new) == lines
    assert len(list_differences(new, old)) == len(lines)
