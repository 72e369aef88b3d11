"""Parts of the ROC curve against scikit-learn: standardised, and as the organisers of ISIC 2024 compute it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from podium.metrics import score
from podium.tables import Head

TAGS = Head("tags", "multi", ("ill", "old"))


@pytest.mark.parametrize("decimals", [1, 6])
def test_equals_scikit_learn(decimals: int) -> None:
    rng = np.random.default_rng(1)
    labels = (rng.uniform(size=(150, 2)) < 0.3).astype(np.int64)
    probs = np.round(np.clip(0.2 * labels + rng.uniform(0, 0.8, (150, 2)), 0, 1), decimals)
    wanted = np.mean([roc_auc_score(labels[:, c], probs[:, c], max_fpr=0.1) for c in range(2)])
    assert score("partial_roc_auc_0.1", probs, labels, TAGS) == pytest.approx(wanted)
    areas = []
    for c in range(2):  # the organisers swap the classes and scale McClish's area back
        scaled = roc_auc_score(1 - labels[:, c], -probs[:, c], max_fpr=0.2)
        areas.append(0.02 + (0.2 - 0.02) / (1.0 - 0.5) * (scaled - 0.5))
    assert score("roc_auc_above_tpr_0.8", probs, labels, TAGS) == pytest.approx(np.mean(areas))
    assert score("roc_auc_above_tpr_0.8", labels.astype(float), labels, TAGS) == pytest.approx(0.2)
