"""Checks of numbers: what passes, and what each refusal says."""

from __future__ import annotations

import pytest

from podium.data.ranges import check_probability, check_range
from podium.errors import UsageError


@pytest.mark.parametrize("value", [0, 0.0, 0.5, 1, 1.0])
def test_probabilities_pass(value: float) -> None:
    check_probability("rotate", value)


@pytest.mark.parametrize("value", [-1e-9, 1.0000001, float("nan"), float("inf")])
def test_other_numbers_are_no_probabilities(value: float) -> None:
    with pytest.raises(UsageError, match=r"rotate: probability is .*from 0 to 1"):
        check_probability("rotate", value)


def test_ends_may_be_equal_and_may_be_the_limits() -> None:
    check_range("crop", "scale", (0.5, 0.5))
    check_range("crop", "scale", (0.0, 1.0), lowest=0.0, highest=1.0)
    check_range("crop", "scale", (1e-9, 1.0), above=0.0, highest=1.0)
    check_range("crop", "scale", (-1e9, 1e9))


@pytest.mark.parametrize(
    ("value", "limits", "message"),
    [
        ((0.9, 0.5), {}, r"crop: scale is \(0.9, 0.5\); the first number must not be above the second"),
        ((-0.1, 0.5), {"lowest": 0.0}, r"is \(-0.1, 0.5\), expected at least 0.0\."),
        ((0.0, 0.5), {"above": 0.0, "highest": 1.0}, r"expected above 0.0 and at most 1.0\."),
        ((0.5, 1.1), {"lowest": 0.0, "highest": 1.0}, r"expected at least 0.0 and at most 1.0\."),
        ((2.0, 2.0), {"highest": 1.0}, r"scale is 2.0, expected at most 1.0\."),
        ((float("nan"), 1.0), {}, "expected two finite numbers"),
        ((0.0, float("inf")), {}, "expected two finite numbers"),
        ((0.0, 0.5, 1.0), {}, "expected two finite numbers"),
        ((), {}, "expected two finite numbers"),
    ],
)
def test_each_refusal_says_what_was_expected(
    value: tuple[float, float], limits: dict[str, float], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        check_range("crop", "scale", value, **limits)
