"""Risk and coverage against a loop, and sets whose coverage on new groups is the one that was wanted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from podium.decisions import DecisionRules, abstain_head, risk_coverage
from podium.decisions.abstain import Sure
from podium.decisions.abstain_rules import abstain_rules
from podium.decisions.calibrate_rules import calibrate_rules
from podium.errors import UsageError
from podium.tables import Head, Predictions, Samples, Task, as_text_array


def made(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities over three classes that are true, and labels; six images a group share some of the error."""
    rng = np.random.default_rng(seed)
    logits = 1.5 * rng.normal(size=(n, 3)) + np.repeat(rng.normal(size=(n // 6, 3)), 6, axis=0)
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (probs.cumsum(axis=1) > rng.uniform(size=(n, 1))).argmax(axis=1)
    return probs, labels, as_text_array([f"g{i // 6}" for i in range(n)])


def test_the_curve_is_the_risk_of_the_surest() -> None:
    confidence, is_right = np.array([0.9, 0.5, 0.7, 0.6]), np.array([True, False, True, False])
    assert risk_coverage(confidence, is_right) == ((0.25, 0.0), (0.5, 0.0), (0.75, pytest.approx(1 / 3)), (1.0, 0.5))


@pytest.mark.parametrize("wanted", [0.1, 0.2])
def test_the_largest_coverage_with_the_wanted_risk(wanted: float) -> None:
    probs, labels, groups = made(600, 0)
    confidence, is_right = probs.max(axis=1), probs.argmax(axis=1) == labels
    found = abstain_head(Sure(confidence, is_right), {}, np.arange(600) // 6 % 5, groups, "risk", wanted)
    risks = {cut: (~is_right[confidence >= cut]).mean() for cut in confidence}
    assert found.lowest == min(cut for cut, risk in risks.items() if risk <= wanted)
    new_probs, new_labels, _ = made(60_000, 1)
    is_in = new_probs.max(axis=1) >= found.lowest
    true = (new_probs.argmax(axis=1) != new_labels)[is_in].mean()
    assert found.risk.low < true < found.risk.high
    assert found.coverage == pytest.approx(is_in.mean(), abs=0.08)


def test_a_coverage_is_what_was_asked_for() -> None:
    probs, labels, groups = made(600, 2)
    found = abstain_head(
        Sure(probs.max(axis=1), probs.argmax(axis=1) == labels), {}, np.arange(600) // 6 % 5, groups, "coverage", 0.7
    )
    assert (probs.max(axis=1) >= found.lowest).mean() == pytest.approx(0.7, abs=0.01)
    assert found.coverage == pytest.approx(0.7, abs=0.05)


@pytest.mark.slow
def test_sets_hold_the_truth_of_new_images_as_often_as_wanted() -> None:
    held, promised = [], []
    for seed in range(20):
        probs, labels, groups = made(600, seed)
        own = probs[np.arange(600), labels]
        fold = np.arange(600) // 6 % 5
        found = abstain_head(Sure(own, own > 0, probs), {}, fold, groups, "sets", 0.9)
        promised.append(1 - found.risk.value)
        new, truth, _ = made(6000, 100 + seed)
        held.append((new[np.arange(6000), truth] >= found.lowest).mean())
    assert np.mean(held) == pytest.approx(0.905, abs=0.012)  # on the safe side: 101 / 100 x 0.9
    assert np.mean(promised) == pytest.approx(np.mean(held), abs=0.01)


def test_what_cannot_be_kept_is_refused() -> None:
    wrong = np.zeros(20, dtype=bool)
    groups, fold = as_text_array([str(i) for i in range(20)]), np.arange(20) % 2
    with pytest.raises(UsageError, match="no confidence"):
        abstain_head(Sure(np.linspace(0, 1, 20), wrong), {}, fold, groups, "risk", 0.1)
    with pytest.raises(UsageError, match="between 0 and 1"):
        abstain_head(Sure(np.linspace(0, 1, 20), ~wrong), {}, fold, groups, "coverage", 1.5)
    with pytest.raises(UsageError, match="99 groups"):
        abstain_head(Sure(np.linspace(0, 1, 20), ~wrong, np.ones((20, 2))), {}, fold, groups, "sets", 0.99)
    with pytest.raises(UsageError, match="one fold"):
        abstain_head(Sure(np.linspace(0, 1, 20), ~wrong), {}, fold * 0, groups, "coverage", 0.5)


@pytest.mark.parametrize(("wish", "wanted"), [("risk", 0.3), ("sets", 0.8)])
def test_the_labels_of_a_fold_choose_nothing_that_judges_it(wish: str, wanted: float) -> None:
    """A calibration of the other folds' rows that has seen this fold would let its labels in."""
    probs, labels, groups = made(300, 5)
    sure = probs**3 / (probs**3).sum(axis=1, keepdims=True)  # too sure, so that a calibration is kept
    fold, task = np.arange(300) // 6 % 5, Task((Head("h", "single", ("a", "b", "c")),))
    ids = as_text_array([f"{row:03d}" for row in range(300)])

    def lowest(own: np.ndarray) -> float:
        samples = Samples(root=Path(), ids=ids, paths=ids, task=task, labels={"h": own}, group=groups)
        predictions = Predictions(task, ids, fold, {"h": sure})
        rules, _ = calibrate_rules(predictions, samples, DecisionRules(), "temperature")
        assert rules.calibration
        return abstain_rules(predictions, samples, rules, wish, wanted)[1]["h"].by_fold[0]  # type: ignore[arg-type]

    changed = labels.copy()
    changed[np.flatnonzero(fold == 0)[::3]] = 0
    assert lowest(changed) == lowest(labels)
