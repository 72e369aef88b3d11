"""Options and calls in texts: what stands between the backticks is Python, and means the values it was made from."""

from __future__ import annotations

import ast
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.advice import call, option, options

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)


def read(text: str) -> ast.Call:
    assert text[0] == text[-1] == "`"
    assert "`" not in text[1:-1], "it would end the text's code"
    node = ast.parse(text[1:-1] if "(" in text.split("=")[0] else f"f({text[1:-1]})", mode="eval").body
    assert isinstance(node, ast.Call)
    return node


@pytest.mark.slow
@settings(max_examples=50)
@given(value=VALUES)
def test_any_value_comes_back_from_the_text(value: Any) -> None:
    (found,) = read(options(labels=value)).keywords
    assert found.arg == "labels"
    assert ast.literal_eval(found.value) == value


@pytest.mark.slow
@settings(max_examples=50)
@given(places=st.lists(VALUES, max_size=3), value=VALUES)
def test_places_come_before_names(places: list[Any], value: Any) -> None:
    node = read(call("podium.resume", *places, name=value))
    assert ast.unparse(node.func) == "podium.resume"
    assert [ast.literal_eval(item) for item in node.args] == places
    assert [(item.arg, ast.literal_eval(item.value)) for item in node.keywords] == [("name", value)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (r"(\d+)_", r"r'(\d+)_'"),  # as regular expressions are written
        ("C:\\data", r"r'C:\data'"),
        ("ends\\", r"'ends\\'"),  # r'ends\' is no Python
        ("it's \\d", '"it\'s \\\\d"'),
        ("a\n\\d", r"'a\n\\d'"),
        (Path("train.csv"), "'train.csv'"),
        (PurePosixPath(r"a\b"), r"r'a\b'"),
        (("a", "b"), "['a', 'b']"),
        ([0, ...], "[0, ...]"),
        ({"pet": ("cat", "dog")}, "{'pet': ['cat', 'dog']}"),
        (True, "True"),
    ],
)
def test_values_are_written_as_a_person_would(value: object, text: str) -> None:
    assert options(x=value) == f"`x={text}`"


def test_a_call_without_arguments_and_an_option_alone() -> None:
    assert call("podium.env") == "`podium.env()`"
    assert option("labels") == "`labels`"
    assert options(a=1, b=2) == "`a=1, b=2`"
