"""Verdicts: sure where a difference is real, silent where there is none, and in the metric's own direction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from podium.errors import UsageError
from podium.metrics import paired_difference, score
from podium.tables import Head

HEAD = Head("h", "single", ("a", "b", "c"))


def _runs(gain: float, seed: int, *, n_groups: int = 150) -> tuple[Any, Any, Any, list[str]]:
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), 5)
    labels = rng.integers(0, 3, n_groups)[groups]
    shared = rng.normal(0, 1, (n_groups, 3))[groups] + rng.normal(0, 0.5, (len(groups), 3)) + np.eye(3)[labels]
    noise = rng.normal(0, 0.5, (2, len(groups), 3))
    return _softmax(shared + noise[0]), _softmax(shared + noise[1] + gain * np.eye(3)[labels]), labels, groups.tolist()


def _softmax(logits: Any) -> Any:
    exponents = np.exp(logits)
    return exponents / exponents.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["f1_macro", "accuracy", "log_loss", "roc_auc_macro"])
def test_a_real_gain_helps_and_the_other_way_round_hurts(name: str) -> None:
    a, b, labels, groups = _runs(0.8, 0)
    there = paired_difference(a, b, labels, groups, name, HEAD, n_resamples=500)
    back = paired_difference(b, a, labels, groups, name, HEAD, n_resamples=500)
    assert (there.verdict, back.verdict) == ("helps", "hurts")
    assert there.difference.value == score(name, b, labels, HEAD) - score(name, a, labels, HEAD)
    assert there.difference.low == pytest.approx(-back.difference.high)


@pytest.mark.slow
def test_runs_of_one_strength_are_told_apart_about_as_rarely_as_the_level_says() -> None:
    verdicts = []
    for seed in range(200):
        a, b, labels, groups = _runs(0.0, seed, n_groups=60)
        verdicts.append(paired_difference(a, b, labels, groups, "accuracy", HEAD, n_resamples=300).verdict)
    n_false = len(verdicts) - verdicts.count("cannot tell")
    assert n_false <= 22  # 5 % of 200 is 10; more than 22 has a chance below 0.0005


def test_pairing_sees_what_two_separate_intervals_hide() -> None:
    from podium.metrics.bootstrap import Judged, number_groups, resample
    from podium.metrics.registry import metric

    a, b, labels, groups = _runs(0.3, 1)
    paired = paired_difference(a, b, labels, groups, "accuracy", HEAD).difference
    numbers, n_groups = number_groups(groups)
    alone = resample([Judged(HEAD, a, labels, (metric("accuracy"),))], numbers, n_groups, n_resamples=2000, seed=0)
    low, high = np.quantile(alone[0].values["accuracy"], [0.025, 0.975])
    assert paired.high - paired.low < high - low


def test_the_same_run_twice_cannot_be_told_apart() -> None:
    a, _, labels, groups = _runs(0.0, 2)
    found = paired_difference(a, a.copy(), labels, groups, "f1_macro", HEAD, n_resamples=200)
    assert found.verdict == "cannot tell"
    assert (found.difference.low, found.difference.value, found.difference.high) == (0.0, 0.0, 0.0)
    assert found.to_dict()["verdict"] == "cannot tell"


def test_several_labels_are_compared_too() -> None:
    """Groups count that have any label; the value is scikit-learn's."""
    rng = np.random.default_rng(0)
    head = Head("h", "multi", ("a", "b"))
    labels = rng.integers(0, 2, (80, 2))
    a, b = rng.random((80, 2)), np.clip(labels + rng.uniform(-0.6, 0.6, (80, 2)), 0, 1)
    labels[:4], labels[4:8, 0] = -1, -1  # one group without any, one with half of them
    groups = np.repeat(np.arange(20), 4).tolist()
    found = paired_difference(a, b, labels, groups, "f1_macro", head, n_resamples=200)
    scores = [
        np.mean([f1_score(labels[known, c], probs[known, c] >= 0.5) for c, known in enumerate((labels >= 0).T)])
        for probs in (a, b)
    ]
    assert found.difference.value == pytest.approx(scores[1] - scores[0])
    assert found.difference.n_groups == 19
    assert found.verdict == "helps"


def test_one_group_can_tell_nothing() -> None:
    a, b, labels, _ = _runs(2.0, 3)
    found = paired_difference(a, b, labels, ["one"] * len(labels), "accuracy", HEAD)
    assert found.verdict == "cannot tell"
    assert not found.difference.has_bounds


def test_a_group_without_labels_was_not_asked() -> None:
    a, b, labels, groups = _runs(2.0, 3, n_groups=20)
    labels = np.where(np.arange(len(labels)) < 5, labels, -1)  # the first group alone
    found = paired_difference(a, b, labels, groups, "accuracy", HEAD, n_resamples=200)
    assert found.difference.n_groups == 1
    assert found.verdict == "cannot tell"


def test_without_any_label_nothing_can_be_told() -> None:
    a, b, labels, groups = _runs(2.0, 3, n_groups=4)
    found = paired_difference(a, b, np.full_like(labels, -1), groups, "accuracy", HEAD, n_resamples=200)
    assert np.isnan(found.difference.value)
    assert (found.difference.n_groups, found.verdict) == (0, "cannot tell")


@pytest.mark.parametrize(("n_groups", "verdict"), [(2, "cannot tell"), (5, "cannot tell"), (6, "helps")])
def test_groups_so_few_that_all_may_agree_by_chance_tell_nothing(n_groups: int, verdict: str) -> None:
    labels = np.tile([0, 1], n_groups)
    right, wrong = np.eye(3)[labels], np.eye(3)[np.where(labels == 1, 2, labels)]
    groups = np.repeat(np.arange(n_groups), 2).tolist()
    found = paired_difference(wrong, right, labels, groups, "accuracy", HEAD, n_resamples=200)
    assert found.difference.value == 0.5
    assert found.verdict == verdict


def test_rows_must_agree() -> None:
    a, b, labels, groups = _runs(0.0, 4)
    with pytest.raises(UsageError, match="do not fit"):
        paired_difference(a, b[:-1], labels, groups, "accuracy", HEAD)
    with pytest.raises(UsageError, match="groups"):
        paired_difference(a, b, labels, groups[:-1], "accuracy", HEAD)
