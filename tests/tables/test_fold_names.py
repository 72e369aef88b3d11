from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.tables.fold_names import order_fold_names


@pytest.mark.slow
@given(st.lists(st.integers(-50, 50)), st.randoms())
def test_numbers_go_by_value_whatever_their_order(numbers: list[int], random: object) -> None:
    names = [str(number) for number in numbers]
    random.shuffle(names)  # type: ignore[attr-defined]
    assert [int(name) for name in order_fold_names(names)] == sorted(set(numbers))


def test_other_names_go_by_the_alphabet_and_an_empty_one_is_none() -> None:
    assert order_fold_names(["b", "", "10", "2", "b"]) == ["10", "2", "b"]
    assert order_fold_names(["2", "02"]) == ["02", "2"]  # of one value, but two names
