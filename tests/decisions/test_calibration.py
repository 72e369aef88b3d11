"""Temperature and vector scaling against a search over a grid, and what they must not change."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from podium.decisions import Calibration, calibrate_head, fit_calibration
from podium.metrics import score
from podium.tables import Head, as_text_array

KIND, TAGS = Head("kind", "single", ("a", "b", "c")), Head("tags", "multi", ("a", "b"))


def overconfident(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, 3)) * 1.5
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (true.cumsum(axis=1) > rng.uniform(size=(n, 1))).argmax(axis=1)
    sharp = np.exp(2.5 * logits)
    return sharp / sharp.sum(axis=1, keepdims=True), labels


def test_the_temperature_is_the_best_of_a_grid_and_keeps_decisions() -> None:
    probs, labels = overconfident(400)
    found = fit_calibration(probs, labels, KIND, "temperature")

    def loss(temperature: float) -> float:
        one = Calibration((1 / temperature,) * 3, (0.0,) * 3)
        return score("log_loss", one.apply(probs, KIND), labels, KIND)

    grid = np.linspace(0.5, 6, 551)
    assert found.temperature == pytest.approx(grid[np.argmin([loss(t) for t in grid])], abs=0.02)
    assert 2 < found.temperature < 3
    scaled = found.apply(probs, KIND)
    assert scaled.sum(axis=1) == pytest.approx(1)
    assert (scaled.argmax(axis=1) == probs.argmax(axis=1)).all()


def test_vector_scaling_of_labels_is_platts_logistic_regression() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(2000, 2))
    labels = (rng.uniform(size=truth.shape) < 1 / (1 + np.exp(-(0.5 * truth - 1)))).astype(np.int64)
    found = fit_calibration(1 / (1 + np.exp(-truth)), labels, TAGS, "vector")
    for c in range(2):
        wanted = LogisticRegression(C=1e6).fit(truth[:, [c]], labels[:, c])
        assert found.scale[c] == pytest.approx(wanted.coef_[0, 0], abs=0.01)
        assert found.shift[c] == pytest.approx(wanted.intercept_[0], abs=0.01)


@pytest.mark.parametrize("kind", ["temperature", "vector"])
def test_folds_that_did_not_choose_gain(kind: str) -> None:
    probs, labels = overconfident(600)
    groups = as_text_array([f"g{i // 2}" for i in range(600)])
    found = calibrate_head(probs, labels, np.arange(600) // 2 % 5, groups, KIND, kind)  # type: ignore[arg-type]
    assert found.loss.verdict == found.error.verdict == "helps"
    assert found.helps
    assert found.errors[1] < 0.5 * found.errors[0]
    true = found.final.apply(probs, KIND)
    again = calibrate_head(true, labels, np.arange(600) // 2 % 5, groups, KIND, kind)  # type: ignore[arg-type]
    assert abs(again.loss.difference.value) < 0.01


def test_missing_labels_do_not_count() -> None:
    probs, labels = overconfident(200)
    holed = labels.copy()
    holed[::4] = -1
    kept = holed >= 0
    wanted = fit_calibration(probs[kept], labels[kept], KIND, "vector")
    assert fit_calibration(probs, holed, KIND, "vector").scale == pytest.approx(wanted.scale, abs=1e-6)
