"""Tuned decisions are offered where they clearly help on folds that did not choose them, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from podium.crossval import offer_tuning as module
from podium.crossval.offer_tuning import offer_tuning
from podium.metrics import score_predictions
from podium.store import RunFolder, offer_words
from podium.tables import Head, Predictions, Samples, Task, as_text_array

TAGS = Head("tags", "multi", ("red", "round"))
KIND = Head("kind", "single", ("cat", "dog"))


def scored(
    head: Head, scale: float, metric: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Sequence[Mapping[str, Any]]:
    """The offers for 400 images whose probabilities are right but for a factor."""
    monkeypatch.setattr(module, "read_pool", lambda run: "mean")
    rng, n = np.random.default_rng(0), 400
    shape = (n, 2) if head.is_multi else (n,)
    labels = rng.integers(0, 2, shape)
    sure = np.clip((labels + rng.normal(0, 0.3, shape)) * 0.5 + 0.25, 0.05, 0.95)
    probs = sure * scale if head.is_multi else np.stack([1 - sure, sure], axis=1)
    ids = as_text_array([f"{row:03d}.png" for row in range(n)])
    group = as_text_array([f"g{row // 4}" for row in range(n)])
    task = Task((head,))
    samples = Samples(tmp_path, ids, ids, task, {head.name: labels}, group=group)
    oof = Predictions(task, ids, np.arange(n) // 4 % 5, {head.name: probs})
    return offer_tuning(RunFolder(tmp_path), oof, samples, score_predictions(oof, samples, metric=metric))


def test_probabilities_that_are_too_low_are_offered_thresholds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (offer,) = scored(TAGS, 0.4, "average_precision_macro", tmp_path, monkeypatch)
    assert (offer["target"], offer["metric"], offer["kind"]) == ("tags", "f1_macro", "thresholds")
    assert offer["with"] > offer["without"] + 0.3
    assert "thresholds chosen on other folds" in offer_words(offer)


def test_what_is_right_as_it_is_gets_no_offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not scored(TAGS, 1.0, "f1_macro", tmp_path, monkeypatch)
    assert not scored(KIND, 1.0, "f1_macro", tmp_path, monkeypatch)
    assert not scored(KIND, 1.0, "log_loss", tmp_path, monkeypatch)
