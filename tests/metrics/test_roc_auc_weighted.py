"""The weighted ROC AUC of columns against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from podium.metrics import score
from podium.tables import Head


def test_columns_weigh_by_their_positives() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.uniform(size=(90, 3)) < (0.1, 0.4, 0.7)).astype(np.int64)
    probs = np.round(rng.uniform(size=(90, 3)), 1)
    wanted = roc_auc_score(labels, probs, average="weighted")
    head = Head("tags", "multi", ("a", "b", "c"))
    assert score("roc_auc_weighted", probs, labels, head) == pytest.approx(wanted)


def test_a_clipped_log_loss_is_that_of_clipped_probabilities() -> None:
    rng = np.random.default_rng(0)
    probs, labels = rng.dirichlet((0.05, 0.05), 60), rng.integers(0, 2, 60)
    clipped = np.clip(probs, 0.01, 0.99)
    wanted = log_loss(labels, clipped)
    assert score("log_loss_clip_0.01", probs, labels, Head("kind", "single", ("a", "b"))) == pytest.approx(wanted)
