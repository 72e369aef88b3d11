"""Cut points against every pair of cut points, judged by scikit-learn."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from sklearn import metrics as oracle

from podium.decisions.tune_cuts import tune_cuts
from podium.metrics import METRICS
from podium.tables import Head, decide, expected_class

HEAD = Head("age", "ordinal", ("young", "middle", "old"))


@pytest.mark.long
@pytest.mark.parametrize("name", ["quadratic_kappa", "mean_absolute_error"])
def test_no_other_cuts_are_better(name: str) -> None:
    rng = np.random.default_rng(3)
    labels = rng.choice(3, 60, p=(0.2, 0.3, 0.5))
    probs = rng.dirichlet((1, 1, 1), 60) * 0.5 + 0.3 * np.eye(3)[labels] + (0.2, 0, 0)

    def value(cuts: tuple[float, ...]) -> float:
        decided = decide(probs, HEAD, cuts=cuts)
        if name == "quadratic_kappa":
            return float(oracle.cohen_kappa_score(labels, decided, weights="quadratic"))
        return -float(oracle.mean_absolute_error(labels, decided))

    found = tune_cuts(probs, labels, METRICS[name], HEAD)
    every = np.sort(expected_class(probs))
    assert found == tuple(sorted(found))
    assert value(found) >= max(map(value, combinations_with_replacement(every, 2))) - 0.005
    assert value(found) > value((0.5, 1.5))
