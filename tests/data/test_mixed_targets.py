from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.data.mixed_targets import mix_targets, mix_weights, soften_targets


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)), min_size=1, max_size=12), st.floats(0, 1))
def test_mixed_targets_sum_to_one_or_are_missing(labels: list[tuple[int, int]], fraction: float) -> None:
    own, other = np.array(labels).T
    soft = mix_targets(soften_targets(own, 4), soften_targets(other, 4), fraction)
    missing = (own < 0) if fraction == 1 else (own < 0) | (other < 0)
    assert (soft[missing] == -1).all()
    assert soft[~missing].sum(axis=1) == pytest.approx(1, abs=1e-6)
    for i in np.flatnonzero(~missing):
        expected = np.zeros(4)
        expected[own[i]] += fraction
        expected[other[i]] += 1 - fraction
        assert soft[i] == pytest.approx(expected, abs=1e-6)


def test_multi_label_targets_mix_class_by_class() -> None:
    labels = soften_targets(np.array([[1, 0, -1], [0, 0, 1]], dtype=np.int8), None)
    assert mix_targets(labels, labels[::-1], 0.75).tolist() == [[0.75, 0.0, -1.0], [0.25, 0.0, -1.0]]


def test_soft_labels_mix_as_shares() -> None:
    shares = np.array([[0.6, 0.4], [-1.0, -1.0]])
    own = soften_targets(shares, 2)
    assert mix_targets(own, soften_targets(np.array([0, 0]), 2), 0.5).tolist() == [
        pytest.approx([0.8, 0.2]),
        [-1.0, -1.0],
    ]


def test_weights_mix_in_the_same_proportion() -> None:
    assert mix_weights(np.array([1.0, 3.0]), np.array([3.0, 1.0]), 0.75).tolist() == [1.5, 2.5]
    assert mix_weights(np.array([1.0]), np.array([3.0]), 1.0).tolist() == [1.0]
