"""P4: shares of classes: Bayes' rule, the EM of Saerens et al., rules that follow to new images and leave scores be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from podium.decisions import DecisionRules, Prevalence, estimate_prevalence
from podium.decisions.prevalence import shares_of
from podium.decisions.prevalence_rules import prevalence_rules
from podium.errors import UnknownNameError, UsageError
from podium.tables import Composite, Head, Predictions, Samples, Task, as_text_array

HEAD = Head("site", "single", ("a", "b", "c"))
TAGS = Head("tags", "multi", ("x", "y"))


def draw(shares: list[float], n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of three Gaussian classes with these shares."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, n, p=shares)
    return rng.normal(size=(n, 2)) + np.array([[0, 0], [1.5, 0], [0, 1.5]])[labels], labels


def posterior(points: np.ndarray, shares: list[float]) -> np.ndarray:
    centres = np.array([[0, 0], [1.5, 0], [0, 1.5]])
    density = np.exp(-0.5 * ((points[:, None] - centres) ** 2).sum(axis=2)) * shares
    return np.asarray(density / density.sum(axis=1, keepdims=True))


def test_bayes_rule_gives_the_posterior_of_other_shares() -> None:
    points, _ = draw([0.5, 0.3, 0.2], 50, 0)
    found = Prevalence((0.5, 0.3, 0.2), (0.1, 0.2, 0.7)).apply(posterior(points, [0.5, 0.3, 0.2]), HEAD)
    np.testing.assert_allclose(found, posterior(points, [0.1, 0.2, 0.7]), atol=1e-12)
    same = Prevalence((0.5, 0.3, 0.2), (0.5, 0.3, 0.2)).apply(found, HEAD)
    np.testing.assert_allclose(same, found, atol=1e-12)
    two = Prevalence((0.5, 0.2), (0.1, 0.6)).apply(np.array([[0.3, 0.9]]), TAGS)
    for label, (p, old, new) in enumerate([(0.3, 0.5, 0.1), (0.9, 0.2, 0.6)]):
        odds = p / (1 - p) * (new / (1 - new)) / (old / (1 - old))
        assert two[0, label] == pytest.approx(odds / (1 + odds))


def test_the_em_finds_the_shares_of_unlabelled_images() -> None:
    learnt, true = [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]
    x, y = draw(learnt, 4000, 1)
    model = LogisticRegression().fit(x, y)
    points, labels = draw(true, 4000, 2)
    found = estimate_prevalence(model.predict_proba(points), shares_of(y, HEAD), HEAD)
    np.testing.assert_allclose(found, true, atol=0.03)
    adjusted = Prevalence(tuple(shares_of(y, HEAD)), tuple(found)).apply(model.predict_proba(points), HEAD)
    assert (adjusted.argmax(axis=1) == labels).mean() > (model.predict(points) == labels).mean() + 0.05
    again = estimate_prevalence(model.predict_proba(x), shares_of(y, HEAD), HEAD)
    np.testing.assert_allclose(again, learnt, atol=0.03)  # nothing has shifted
    rng, there = np.random.default_rng(3), np.array([0.1, 0.7])
    seen = rng.normal(size=(4000, 2)) + 2 * (rng.random((4000, 2)) < there)  # of two labels, each 2 deviations apart
    learnt_there = np.array([0.6, 0.2])
    odds = learnt_there / (1 - learnt_there) * np.exp(2 * seen - 2)
    np.testing.assert_allclose(estimate_prevalence(odds / (1 + odds), learnt_there, TAGS), there, atol=0.03)


def run_of(task: Task, probs: dict[str, np.ndarray], labels: dict[str, np.ndarray]) -> tuple[Predictions, Samples]:
    n = len(next(iter(labels.values())))
    ids = as_text_array([f"{row:05d}.png" for row in range(n)])
    samples = Samples(root=Path(), ids=ids, paths=ids, task=task, labels=labels)
    return Predictions(task, ids, np.arange(n) % 5, probs), samples


@pytest.mark.slow
def test_rules_tell_the_gain_that_labelled_images_of_these_shares_have() -> None:
    learnt, true = [0.6, 0.3, 0.1], {"a": 0.1, "c": 0.7}
    points, labels = draw(learnt, 6000, 3)
    predictions, samples = run_of(Task((HEAD,)), {"site": posterior(points, learnt)}, {"site": labels})
    rules, shifted = prevalence_rules(predictions, samples, DecisionRules(), true)
    item = shifted["site"]
    assert item.prevalence.expected == pytest.approx((0.1, 0.2, 0.7))
    others, answers = draw([0.1, 0.2, 0.7], 6000, 4)
    new, _ = run_of(Task((HEAD,)), {"site": posterior(others, learnt)}, {"site": answers})
    plain = (posterior(others, learnt).argmax(axis=1) == answers).mean()
    adjusted = (rules.decide(new)["site"] == answers).mean()
    assert item.accuracy == pytest.approx((plain, adjusted), abs=0.03)
    assert item.gain.low > 0
    own = rules.without_prevalence().decide_out_of_fold(predictions)["site"]
    np.testing.assert_array_equal(own, posterior(points, learnt).argmax(axis=1))
    assert DecisionRules.from_dict(rules.to_dict(), new.task) == rules
    assert not rules.is_default


def test_attributes_take_their_composite_class_along() -> None:
    mask, age = Head("mask", "single", ("on", "off")), Head("age", "ordinal", ("young", "old"))
    composite = Composite.from_heads({"mask": mask.classes, "age": age.classes})
    task = Task((mask, age), composite)
    rng = np.random.default_rng(0)
    labels = {"mask": rng.integers(0, 2, 400), "age": rng.integers(0, 2, 400)}
    probs = {name: rng.dirichlet([1, 1], 400) for name in labels}
    probs[composite.name] = composite.joint_probs(probs)
    predictions, samples = run_of(task, probs, labels)
    rules, shifted = prevalence_rules(predictions, samples, DecisionRules(), {"mask=on": 0.9})
    assert set(shifted) == {"mask", composite.name}
    joined = rules.join(predictions).probs
    marginal = joined[composite.name].reshape(400, 2, 2).sum(axis=2)
    np.testing.assert_allclose(marginal, joined["mask"], atol=0.05)


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ({"d": 0.2}, UnknownNameError, "class"),
        ({"a": 1.2}, UsageError, "between 0 and 1"),
        ({"a": 0.7, "b": 0.7}, UsageError, "sum to"),
        ({"a": 0.2, "b": 0.2, "c": 0.2}, UsageError, "sum to"),
    ],
)
def test_what_is_no_share_is_refused(given: dict[str, float], kind: type[Exception], words: str) -> None:
    points, labels = draw([0.5, 0.3, 0.2], 40, 0)
    predictions, samples = run_of(Task((HEAD,)), {"site": posterior(points, [0.5, 0.3, 0.2])}, {"site": labels})
    with pytest.raises(kind, match=words):
        prevalence_rules(predictions, samples, DecisionRules(), given)
