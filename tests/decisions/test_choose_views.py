"""The choice of views on made answers: what helps is taken, what hurts or is noise is not, and the gain is honest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from podium.decisions import choose_views, nested_probs
from podium.decisions.choose_views import JudgedViews, score_views
from podium.metrics import metric
from podium.tables import Head

HEAD = Head("letter", "single", ("a", "b", "c", "d"))


def make(seed: int, noise: dict[str, float], n: int = 1200, shared: float = 1.0) -> JudgedViews:
    """Answers whose views have errors in common and errors of their own."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, n)
    truth = 2.0 * np.eye(4)[labels] + rng.normal(0, shared, (n, 4))

    def probs(own: float) -> NDArray[np.float64]:
        values = np.exp(truth + rng.normal(0, own, (n, 4)))
        return np.asarray(values / values.sum(axis=1, keepdims=True))

    made = {name: probs(own) for name, own in noise.items()}
    groups = np.array([f"g{row // 2}" for row in range(n)], dtype=object)
    return JudgedViews(
        lambda views: np.mean([made[view] for view in views], axis=0),
        labels,
        groups,
        np.arange(n) // 2 % 3,
        metric("accuracy"),
        HEAD,
    )


def test_what_helps_is_taken_and_what_hurts_is_left_out() -> None:
    judged = make(0, {"plain": 1.0, "hflip": 1.0, "rot90": 1.0, "scale-0.8": 6.0})
    choice = choose_views(judged, ("plain",), ["scale-0.8", "hflip", "rot90"])
    assert set(choice.views) == {"plain", "hflip", "rot90"}
    assert all("scale-0.8" not in views for views in choice.by_fold.values())
    assert score_views(judged, choice.views) > score_views(judged, ("plain",)) + 0.02


def test_a_harmful_view_of_the_recipe_is_dropped() -> None:
    judged = make(1, {"plain": 1.0, "vflip": 6.0})
    assert choose_views(judged, ("plain", "vflip"), []).views == ("plain",)


def test_each_fold_is_judged_by_views_that_were_chosen_without_it() -> None:
    judged = make(2, {"plain": 1.0, "hflip": 1.0})
    choice = choose_views(judged, ("plain",), ["hflip"])
    found = nested_probs(judged, choice)
    assert sorted(choice.by_fold) == [0, 1, 2]
    for fold, views in choice.by_fold.items():
        rows = judged.fold == fold
        np.testing.assert_array_equal(found[rows], judged.ask(views)[rows])


@pytest.mark.slow
def test_among_views_that_are_mere_noise_nothing_is_taken_in_nine_of_ten_draws() -> None:
    names = ["plain", *(f"center-0.{k}" for k in range(3, 9))]
    taken = 0
    for seed in range(20):
        judged = make(seed, {"plain": 0.0}, n=300)
        rng = np.random.default_rng(seed + 99)
        base = np.log(judged.ask(("plain",)))
        noisy = {name: np.exp(base + rng.normal(0, 0.05, base.shape)) for name in names}
        probs = {name: values / values.sum(axis=1, keepdims=True) for name, values in noisy.items()}
        alone = replace(judged, ask=lambda views, probs=probs: probs[views[-1]])
        taken += choose_views(alone, ("plain",), names[1:], n_resamples=200).views != ("plain",)
    assert taken <= 2
