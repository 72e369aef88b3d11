"""The gain of learning from all images is that of the power law through two points."""

from __future__ import annotations

import json

import pytest

from podium.metrics import TrainingGain, measure_training_gain, share_of_gain, unmeasured_gain


@pytest.mark.parametrize("exponent", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("perfect", [1.0, 0.0])
def test_a_true_power_law_is_continued_exactly(exponent: float, perfect: float) -> None:
    def error(n: float) -> float:
        return 0.3 * n**-exponent

    sign = 1 if perfect == 0 else -1  # an error, whose perfect value is 0, or a score
    found = measure_training_gain(
        perfect + sign * error(0.4),
        perfect + sign * error(0.8),
        error=error(0.8),
        perfect=perfect,
        train_fraction=0.8,
    )
    assert found.exponent == pytest.approx(exponent)
    assert found.value == pytest.approx(error(0.8) - error(1.0))


@pytest.mark.parametrize(("half", "whole", "exponent"), [(0.9, 0.8, 0.0), (0.1, 0.99, 1.0), (0.9, 1.0, 1.0)])
def test_accidents_of_two_points_are_bounded(half: float, whole: float, exponent: float) -> None:
    found = measure_training_gain(half, whole, error=1 - whole, perfect=1.0, train_fraction=0.8)
    assert found.exponent == exponent
    assert 0 <= found.value <= 1 - whole


def test_what_is_not_measured_moves_nothing() -> None:
    found = unmeasured_gain(error=0.2, train_fraction=0.8)
    assert found.value == 0
    assert 0 < found.spread < 0.2


def test_the_mean_of_more_folds_gains_more() -> None:
    shares = [share_of_gain(n, 5) for n in range(1, 6)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1], share_of_gain(1, 1)) == (0, 1, 0)


def test_a_gain_survives_json() -> None:
    found = unmeasured_gain(error=0.2, train_fraction=0.8)
    again = TrainingGain.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    assert str(again) == str(found)
