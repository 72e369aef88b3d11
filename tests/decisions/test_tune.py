"""What tuning promises is what it gives, and where there is nothing to gain nothing is promised."""

from __future__ import annotations

import numpy as np
import pytest

from podium.decisions import can_tune, tune_head
from podium.errors import UsageError
from podium.metrics import METRICS, score
from podium.tables import Head, as_certain_probs, as_text_array, decide

TAGS = Head("tags", "multi", tuple("abcdef"))
KIND, AGE = Head("kind", "single", ("a", "b", "c")), Head("age", "ordinal", ("young", "middle", "old"))


def posters(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rare labels, and probabilities that are too low, as models give them for posters."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(-1.5, 1.2, (n, 6))
    labels = (rng.uniform(size=(n, 6)) < 1 / (1 + np.exp(-truth))).astype(np.int64)
    return 1 / (1 + np.exp(-(0.6 * truth - 0.6))), labels


@pytest.mark.slow
def test_the_promised_gain_is_that_of_new_images() -> None:
    gaps = []
    for seed in range(6):
        probs, labels = posters(400, seed)
        fold = np.arange(400) % 4
        groups = as_text_array([f"g{i // 2}" for i in range(400)])
        found = tune_head(probs, labels, fold, groups, METRICS["f1_micro"], TAGS)
        new_probs, new_labels = posters(20_000, 100 + seed)
        answers = [as_certain_probs(decide(new_probs, TAGS, limits), TAGS) for limits in (0.5, found.values)]
        before, after = (score("f1_micro", one, new_labels, TAGS) for one in answers)
        gaps.append(found.gain.difference.value - (after - before))
        assert found.seeming >= found.gain.difference.value - 1e-9
        assert found.gain.verdict == "helps"
    assert abs(np.mean(gaps)) < 0.02


def test_noise_promises_nothing() -> None:
    rng = np.random.default_rng(0)
    labels = rng.choice(3, 150)
    probs = rng.dirichlet((1, 1, 1), 150)
    groups = as_text_array([f"g{i}" for i in range(150)])
    found = tune_head(probs, labels, np.arange(150) % 5, groups, METRICS["f1_macro"], KIND)
    assert found.seeming > 0
    assert found.gain.verdict != "helps"


def test_what_is_tuned_depends_on_metric_and_head() -> None:
    assert can_tune(METRICS["f1_samples"], TAGS) == "thresholds"
    assert can_tune(METRICS["f1_macro"], KIND) == "weights"
    assert can_tune(METRICS["f1_macro"], AGE) == "weights"
    assert can_tune(METRICS["quadratic_kappa"], AGE) == "cuts"
    assert can_tune(METRICS["quadratic_kappa"], KIND) is None
    assert can_tune(METRICS["log_loss"], TAGS) is None


def test_one_fold_cannot_judge_itself() -> None:
    probs, labels = posters(20, 0)
    groups = as_text_array([f"g{i}" for i in range(20)])
    with pytest.raises(UsageError, match="one fold"):
        tune_head(probs, labels, np.zeros(20, dtype=np.int64), groups, METRICS["f1_macro"], TAGS)
