"""F-beta against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import fbeta_score

from podium.metrics import score
from podium.tables import Head

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_equals_scikit_learn(beta: float) -> None:
    tags = Head("tags", "multi", ("a", "b", "c"))
    probs, labels = RNG.uniform(size=(60, 3)), RNG.integers(0, 2, (60, 3))
    for average in ("macro", "micro", "samples"):
        wanted = fbeta_score(labels, probs >= 0.5, beta=beta, average=average, zero_division=0)
        assert score(f"fbeta_{beta:g}_{average}", probs, labels, tags) == pytest.approx(wanted)
    kind, numbers = Head("kind", "single", ("a", "b", "c")), RNG.integers(0, 2, 60)
    wanted = fbeta_score(numbers, probs.argmax(axis=1), beta=beta, average="macro", labels=[0, 1, 2], zero_division=0)
    assert score(f"fbeta_{beta:g}_macro", probs, numbers, kind) == pytest.approx(wanted)
