from __future__ import annotations

import pytest
import yaml

from podium.store import read_plain_yaml


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True, "x"], "b": {"c": "가"}}, [], "text", None, 3])
def test_plain_data_come_back(value: object) -> None:
    assert read_plain_yaml(yaml.safe_dump(value)) == value
    assert read_plain_yaml(yaml.safe_dump(value, allow_unicode=True).encode()) == value


def test_references_that_would_grow_are_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    with pytest.raises(yaml.YAMLError, match=r"references .* are not supported"):
        read_plain_yaml("\n".join(lines))


@pytest.mark.slow
@pytest.mark.parametrize("text", ["[" * 2_000, "- " * 2_000, "x" * 2**21, "!!python/name:os.mkdir", "a: 1\n---\nb: 2"])
def test_what_is_too_deep_too_long_or_code_is_not_yaml(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        read_plain_yaml(text)


def test_a_value_belongs_to_who_read_it() -> None:
    text = "a: {b: [1]}"
    read_plain_yaml(text)["a"]["b"].append(2)
    assert read_plain_yaml(text) == {"a": {"b": [1]}}
    assert isinstance(read_plain_yaml("1"), int)
    assert isinstance(read_plain_yaml("1.0"), float)
