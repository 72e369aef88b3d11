"""mAP@k against a loop over every image's list."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import label_ranking_average_precision_score

from podium.metrics import score
from podium.tables import Head

RNG = np.random.default_rng(0)


def average_precision(listed: list[int], true: set[int], k: int) -> float:
    found, total = 0, 0.0
    for place, name in enumerate(listed[:k], start=1):
        if name in true:
            found += 1
            total += found / place
    return total / min(k, len(true))


@pytest.mark.parametrize("k", [3, 5])
def test_equals_a_loop(k: int) -> None:
    probs = np.round(RNG.uniform(size=(80, 7)), 1)
    lists = [sorted(range(7), key=lambda c, row=row: (-row[c], c)) for row in probs.tolist()]  # type: ignore[misc]
    numbers = RNG.integers(0, 7, 80)
    wanted = np.mean([average_precision(one, {n}, k) for one, n in zip(lists, numbers.tolist(), strict=True)])
    assert score(f"map_at_{k}", probs, numbers, Head("kind", "single", tuple("abcdefg"))) == pytest.approx(wanted)
    labels = RNG.integers(0, 2, (80, 7))
    labels[3] = 0  # nothing to find: not judged
    sets = [set(np.flatnonzero(row).tolist()) for row in labels]
    wanted = np.mean([average_precision(one, true, k) for one, true in zip(lists, sets, strict=True) if true])
    assert score(f"map_at_{k}", probs, labels, Head("tags", "multi", tuple("abcdefg"))) == pytest.approx(wanted)


def test_a_list_of_all_classes_is_scikit_learns_ranking_precision() -> None:
    probs, labels = RNG.uniform(size=(50, 4)), RNG.integers(0, 2, (50, 4))
    labels[:, 0] = 1
    wanted = label_ranking_average_precision_score(labels, probs)
    assert score("map_at_10", probs, labels, Head("tags", "multi", tuple("abcd"))) == pytest.approx(wanted)
