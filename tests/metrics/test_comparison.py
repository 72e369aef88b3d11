"""Several runs against one: honest for many arms, for several seeds, and in what more data would tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from podium.metrics import Arm, compare_arms, metric, paired_difference
from podium.tables import Head

HEAD = Head("h", "single", ("a", "b", "c"))


def draw(
    gains: list[list[float]], seed: int, *, n_groups: int = 60, spread: float = 0.0
) -> tuple[list[Arm], Any, list[int]]:
    """Arms of runs that know so much more each; each run moves by chance besides."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), 5)
    labels = rng.integers(0, 3, n_groups)[groups]
    shared = rng.normal(0, 1, (n_groups, 3))[groups] + rng.normal(0, 0.5, (len(groups), 3)) + np.eye(3)[labels]
    arms = []
    for number, own in enumerate(gains):
        runs = []
        for gain in own:
            noise = rng.normal(0, 0.5, (len(groups), 3)) + (gain + spread * rng.normal()) * np.eye(3)[labels]
            exponents = np.exp(shared + noise)
            runs.append(exponents / exponents.sum(axis=1, keepdims=True))
        arms.append(Arm(f"arm {number}", tuple(runs)))
    return arms, labels, groups.tolist()


@pytest.mark.parametrize("name", ["accuracy", "log_loss", "roc_auc_macro"])
def test_two_runs_are_compared_as_a_pair_is(name: str) -> None:
    arms, labels, groups = draw([[0.0], [0.4]], 0)
    found = compare_arms(arms, labels, groups, metric(name), HEAD, n_resamples=400)
    pair = paired_difference(arms[0].probs[0], arms[1].probs[0], labels, groups, name, HEAD, n_resamples=400)
    assert (found.arms[0].difference, found.arms[0].verdict) == (pair.difference, pair.verdict)


def test_classes_are_those_of_scikit_learn_and_name_where_the_gain_is() -> None:
    arms, labels, groups = draw([[0.0], [0.0]], 1)
    better = np.array(arms[1].probs[0])
    better[labels == 2] = [0, 0, 1]
    arms[1] = replace(arms[1], probs=(better,))
    found = compare_arms(arms, labels, groups, metric("f1_macro"), HEAD)
    after = f1_score(labels, better.argmax(axis=1), average=None, labels=range(3))
    assert [one.after for one in found.classes] == pytest.approx(after)
    assert found.differing_classes[0].name == "c"
    assert sum(one.n for one in found.classes) == len(labels)


@pytest.mark.long
def test_many_arms_that_do_nothing_rarely_win() -> None:
    """One of ten arms would win by chance in a third of the trials, were each judged alone."""
    n_wrong = {"alone": 0, "together": 0}
    for seed in range(100):
        arms, labels, groups = draw([[0.0]] * 11, seed, n_groups=40)
        found = compare_arms(arms, labels, groups, metric("accuracy"), HEAD, n_resamples=300)
        n_wrong["together"] += any(arm.verdict != "cannot tell" for arm in found.arms)
        pairs = [
            paired_difference(arms[0].probs[0], arm.probs[0], labels, groups, "accuracy", HEAD, n_resamples=300)
            for arm in arms[1:]
        ]
        n_wrong["alone"] += any(pair.verdict != "cannot tell" for pair in pairs)
    assert n_wrong["together"] <= 13  # 5 of 100 are expected; more than 13 has a chance below 0.0005
    assert n_wrong["alone"] > 20


@pytest.mark.slow
def test_what_a_seed_does_is_not_taken_for_what_a_recipe_does() -> None:
    """Recipes of one strength whose runs differ by their seeds."""
    n_wrong = {1: 0, 3: 0}
    for seed in range(60):
        for n_seeds in n_wrong:
            arms, labels, groups = draw([[0.0] * n_seeds] * 2, seed, spread=0.4)
            found = compare_arms(arms, labels, groups, metric("accuracy"), HEAD, n_resamples=300)
            n_wrong[n_seeds] += found.arms[0].verdict != "cannot tell"
    assert n_wrong[3] <= 9
    assert n_wrong[1] > 20  # why the command says so where one seed each was trained


def test_several_seeds_have_a_spread_and_a_mean() -> None:
    arms, labels, groups = draw([[0.0, 0.1], [0.8, 0.9]], 3, spread=0.1)
    found = compare_arms(arms, labels, groups, metric("accuracy"), HEAD).arms[0]
    scores = [float((probs.argmax(axis=1) == labels).mean()) for probs in arms[1].probs]
    assert found.score == pytest.approx(np.mean(scores))
    assert found.seed_deviation == pytest.approx(np.std(scores, ddof=1))
    single = [Arm(arm.name, (np.mean(np.stack(arm.probs), axis=0),)) for arm in arms]
    alone = compare_arms(single, labels, groups, metric("accuracy"), HEAD).arms[0].difference
    assert found.difference.high - found.difference.low > alone.high - alone.low


def test_as_many_groups_as_it_asks_for_tell_four_times_in_five() -> None:
    arms, labels, groups = draw([[0.0], [0.12]], 12)
    found = compare_arms(arms, labels, groups, metric("accuracy"), HEAD).arms[0]
    assert found.verdict == "cannot tell"
    assert found.n_groups_needed is not None
    assert found.n_seeds_needed is None
    needed = found.n_groups_needed
    gain = found.difference.value
    pool, truth, members = draw([[0.0], [0.12]], 99, n_groups=4000)
    hits = [(arm.probs[0].argmax(axis=1) == truth).astype(float) for arm in pool]
    deviation = np.bincount(members, weights=hits[1] - hits[0]).std() / 5  # of a group's difference
    expected = (2.8 * deviation / gain) ** 2
    assert needed == pytest.approx(expected, rel=0.35)


@pytest.mark.parametrize("kind", ["multi", "ordinal"])
def test_other_kinds_of_heads(kind: Any) -> None:
    rng = np.random.default_rng(0)
    head = Head("h", kind, ("a", "b", "c"))
    labels = rng.integers(0, 2, (90, 3)) if kind == "multi" else rng.integers(0, 3, 90)
    truth = labels if kind == "multi" else np.eye(3)[labels]
    a, b = rng.random((90, 3)), np.clip(truth + rng.uniform(-0.6, 0.6, (90, 3)), 0.01, 1)
    labels[:3] = -1
    groups = (np.arange(90) // 3).tolist()
    probs = (a, b) if kind == "multi" else (a / a.sum(axis=1, keepdims=True), b / b.sum(axis=1, keepdims=True))
    arms = [Arm("a", (probs[0],)), Arm("b", (probs[1],))]
    found = compare_arms(arms, labels, groups, metric("f1_macro"), head)
    assert (found.n, found.n_groups, found.arms[0].verdict) == (87, 29, "helps")
    assert len(found.classes) == 3


def test_without_labels_there_is_nothing_to_tell() -> None:
    arms, labels, groups = draw([[0.0], [1.0]], 0)
    found = compare_arms(arms, np.full_like(labels, -1), groups, metric("accuracy"), HEAD)
    assert (found.n, found.arms[0].verdict, found.classes) == (0, "cannot tell", ())
