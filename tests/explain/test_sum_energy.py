"""E2: means by class with the intervals of Student's t, as SciPy has them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from podium.explain.explanation import ShownImage
from podium.explain.sum_energy import sum_energy


def image(sheet: str, energy: float | None, *, is_right: bool, area: float = 0.25) -> ShownImage:
    own = None if energy is None else area
    return ShownImage("a", 0, sheet, sheet, sheet, sheet, 0.9, is_right, energy, own)


def test_intervals_are_those_of_a_t_test() -> None:
    values = [0.5, 0.6, 0.8, 0.4]
    shown = [*(image("cat", value, is_right=True) for value in values), image("cat", 0.1, is_right=False)]
    shown += [image("dog", 0.9, is_right=True), image("dog", None, is_right=True)]
    whole, cat, dog = sum_energy(shown)
    assert (whole.name, cat.name, dog.name) == ("", "cat", "dog")
    wanted = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert cat.right_range == pytest.approx((wanted.low, wanted.high))
    assert cat.right == pytest.approx(np.mean(values))
    assert (cat.n_wrong, cat.wrong, cat.wrong_range) == (1, pytest.approx(0.1), None)
    more = stats.ttest_1samp(np.array([*values, 0.1]) - 0.25, 0).confidence_interval(0.95)
    assert cat.gain_range == pytest.approx((more.low, more.high))
    assert (dog.n_right, dog.right_range, dog.gain_range) == (1, None, None)
    assert sum_energy([image("cat", None, is_right=True)]) == []
