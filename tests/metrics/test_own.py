from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, fbeta_score, roc_auc_score

from podium.errors import PodiumError, UnknownNameError
from podium.metrics import METRICS, metric, register_metric, registry, score_predictions
from podium.tables import Head, Predictions, Samples, Task, as_text_array
from podium.testing import check_metric


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    known = dict(METRICS)
    monkeypatch.setattr(registry, "_known", known)
    monkeypatch.setattr(registry, "METRICS", MappingProxyType(known))


def test_a_formula_of_decisions_passes_the_contract() -> None:
    register_metric("mine", accuracy_score, kinds=["single", "ordinal", "multi"], needs="decisions", best=1.0)
    check_metric(metric("mine"))


def test_a_formula_of_probabilities_passes_the_contract() -> None:
    register_metric("mine", lambda true, score: roc_auc_score(true, score, average="micro"), kinds=["multi"], best=1.0)
    check_metric(metric("mine"))


@pytest.mark.long
def test_it_scores_as_podiums_own_with_nearly_its_interval() -> None:
    register_metric("mine", accuracy_score, needs="decisions", best=1.0)
    rng = np.random.default_rng(0)
    head = Head("animal", "single", ("cat", "dog", "owl"))
    labels = rng.integers(0, 3, 300)
    labels[:5] = -1
    probs = rng.dirichlet(np.ones(3), 300)
    probs[np.arange(300), labels] += 0.4
    probs /= probs.sum(axis=1, keepdims=True)
    ids = as_text_array([str(row) for row in range(300)])
    samples = Samples("x", ids, ids, task=Task((head,)), labels={"animal": labels})
    predictions = Predictions(Task((head,)), ids, np.zeros(300, dtype=np.int64), {"animal": probs})
    own = score_predictions(predictions, samples, metric="mine").main
    usual = score_predictions(predictions, samples, metric="accuracy").main
    assert own.value == usual.value
    assert (own.low, own.high) == pytest.approx((usual.low, usual.high), abs=0.02)
    scores = score_predictions(predictions, samples, metric="mine").targets["animal"]
    assert scores.chance["mine"] == pytest.approx(
        score_predictions(predictions, samples, metric="accuracy").targets["animal"].chance["accuracy"]
    )


def test_an_own_formula_reads_decisions() -> None:
    register_metric("f2", lambda t, p: fbeta_score(t, p, beta=2, average="macro"), needs="decisions")
    head = Head("animal", "single", ("cat", "dog"))
    probs = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    expected = fbeta_score([0, 1, 1], [0, 1, 0], beta=2, average="macro")
    assert metric("f2").function(probs, np.array([0, 1, 1]), head) == pytest.approx(expected)


def test_podiums_own_names_are_kept() -> None:
    with pytest.raises(PodiumError, match="f1_macro"):
        register_metric("f1_macro", accuracy_score)
    with pytest.raises(UnknownNameError, match="labels"):
        register_metric("mine", accuracy_score, kinds=["labels"])  # type: ignore[list-item]
    with pytest.raises(UnknownNameError, match="scores"):
        register_metric("mine", accuracy_score, needs="scores")  # type: ignore[arg-type]
