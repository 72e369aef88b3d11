"""Matthews correlation against scikit-learn and against a plain correlation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import matthews_corrcoef as peer

from podium.metrics.counts import count_classes
from podium.metrics.matthews import matthews_corrcoef
from podium.tables import Head
from tiny.confusion import from_confusion

HEAD = Head("target", "single", tuple("abcd"))


@pytest.mark.parametrize("seed", range(5))
def test_it_is_scikit_learns_on_the_known_labels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, decisions = rng.integers(-1, 3, 50), rng.integers(0, 4, 50)
    known = labels >= 0
    got = float(matthews_corrcoef(count_classes(decisions, labels, HEAD)))
    assert got == pytest.approx(peer(labels[known], decisions[known]))
    assert -1 <= got <= 1


def test_of_two_classes_it_is_the_correlation_of_zeros_and_ones() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 2, 60), rng.integers(0, 2, 60)
    counts = count_classes(b, a, Head("target", "single", ("no", "yes")))
    assert float(matthews_corrcoef(counts)) == pytest.approx(np.corrcoef(a, b)[0, 1])


def test_ends_of_the_scale_and_undefined_cases() -> None:
    tables = np.array([[[5, 0], [0, 3]], [[0, 5], [3, 0]], [[4, 0], [4, 0]], [[4, 4], [0, 0]], [[0, 0], [0, 0]]])
    np.testing.assert_allclose(matthews_corrcoef(from_confusion(tables)), [1, -1, 0, 0, np.nan])


def test_names_of_the_classes_do_not_matter() -> None:
    table = np.random.default_rng(5).integers(0, 9, (4, 4))
    order = [2, 0, 3, 1]
    got = matthews_corrcoef(from_confusion(np.stack([table, table[order][:, order], table.T, 3 * table])))
    np.testing.assert_allclose(got, got[0])
