"""Ranges of a test set's score against closed forms, and how often they hold it."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from podium.metrics import ExpectedScore, TrainingGain, expect_score, metric
from podium.metrics.prediction_interval import count_test_groups, perfect_test_low
from podium.tables import Head, as_text_array

HEAD = Head("kind", "single", ("a", "b"))
NOTHING = TrainingGain(0.0, 0.0, 0.0, False)


def make(n_groups: int, share: float, seed: int = 0) -> tuple[Any, Any, Any]:
    """Probabilities, labels and keys of groups of one image, decided rightly with a probability."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n_groups) % 2
    decided = np.where(rng.random(n_groups) < share, labels, 1 - labels)
    return np.eye(2)[decided], labels, as_text_array([f"g{i:05}" for i in range(n_groups)])


@pytest.mark.slow
def test_the_range_of_an_accuracy_is_that_of_two_binomials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without doubt: variance p (1 - p) (1 / G + 1 / g)."""
    monkeypatch.setattr("podium.metrics.prediction_interval.DOUBT", 0.0)
    probs, labels, keys = make(2000, 0.8)
    for n_images in (200, 2000, 20_000):
        found = expect_score(metric("accuracy"), HEAD, probs, labels, keys, NOTHING, n_images=n_images)
        p = found.value
        half = 1.96 * math.sqrt(p * (1 - p) * (1 / 2000 + 1 / n_images))
        assert found.high - found.low == pytest.approx(2 * half, rel=0.08)


def test_a_smaller_test_set_has_a_wider_range_about_the_same_score() -> None:
    probs, labels, keys = make(300, 0.8)
    ranges = [expect_score(metric("f1_macro"), HEAD, probs, labels, keys, NOTHING, n_images=n) for n in (50, 300, 3000)]
    widths = [item.high - item.low for item in ranges]
    assert widths == sorted(widths, reverse=True)
    assert len({item.value for item in ranges}) == 1


def test_the_gain_moves_scores_up_and_errors_down_and_never_past_perfect() -> None:
    probs, labels, keys = make(300, 0.8)
    gain = TrainingGain(0.02, 0.5, 0.0, True)

    def value(name: str, gain: TrainingGain, share: float = 1.0) -> float:
        return expect_score(metric(name), HEAD, probs, labels, keys, gain, share=share, n_resamples=0).value

    assert value("accuracy", gain) == pytest.approx(value("accuracy", NOTHING) + 0.02)
    assert value("accuracy", gain, share=0.0) == value("accuracy", NOTHING)
    assert value("brier", gain) == pytest.approx(value("brier", NOTHING) - 0.02)
    assert value("accuracy", TrainingGain(0.9, 0.5, 0.0, True)) == 1.0


def test_a_perfect_score_has_a_range_with_width() -> None:
    probs, labels, keys = make(30, 1.0)
    found = expect_score(metric("accuracy"), HEAD, probs, labels, keys, NOTHING)
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(perfect_test_low(30, 30, level=0.95))


@pytest.mark.parametrize(("n_groups", "n_test"), [(5, 3), (30, 30), (30, 200), (100, 10)])
def test_a_perfect_range_is_the_beta_binomial_quantile(n_groups: int, n_test: int) -> None:
    wrong = stats.betabinom(n_test, 1, n_groups).ppf(0.975)
    assert perfect_test_low(n_groups, n_test, level=0.95) == pytest.approx(1 - wrong / n_test)


def test_images_make_no_more_groups_than_there_are() -> None:
    assert count_test_groups(100, None, per_group=10.0) == 10
    assert count_test_groups(100, 50, per_group=10.0) == 10
    assert count_test_groups(1000, 4, per_group=10.0) == 4
    assert count_test_groups(1, None, per_group=10.0) == 1


def test_a_range_survives_json() -> None:
    probs, labels, keys = make(30, 0.8)
    for resamples in (0, 200):
        found = expect_score(metric("accuracy"), HEAD, probs, labels, keys, NOTHING, n_resamples=resamples)
        again = ExpectedScore.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
        assert str(again.to_dict()) == str(found.to_dict())


@pytest.mark.slow
def test_the_range_holds_the_score_of_a_test_set_as_often_as_it_says() -> None:
    """People with 1 to 9 images, each easier or harder; no training changed the answers, so the doubt makes it wide."""
    rng, held = np.random.default_rng(3), []

    def draw(n_groups: int) -> tuple[Any, Any, Any]:
        groups = np.repeat(np.arange(n_groups), rng.integers(1, 10, n_groups))
        labels = rng.integers(0, 2, len(groups))
        is_right = rng.random(len(groups)) < rng.beta(3, 1, n_groups)[groups]
        return (
            np.eye(2)[np.where(is_right, labels, 1 - labels)],
            labels,
            as_text_array(groups.astype(str).tolist()),
        )

    for _ in range(150):
        probs, labels, keys = draw(20)
        test_probs, test_labels, _ = draw(40)
        found = expect_score(
            metric("f1_macro"),
            HEAD,
            probs,
            labels,
            keys,
            NOTHING,
            n_images=200,
            n_groups=40,
            n_resamples=200,
            level=0.9,
        )
        held.append(found.low <= metric("f1_macro").function(test_probs, test_labels, HEAD) <= found.high)
    assert 0.86 <= np.mean(held) <= 0.99
