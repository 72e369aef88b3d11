from __future__ import annotations

import numpy as np
import pytest

from podium.suspects.neighbours import find_neighbours, neighbour_shares
from podium.twins import make_directions


def test_neighbours_are_the_nearest_of_other_folds() -> None:
    random = np.random.default_rng(0)
    directions = make_directions(random.normal(size=(60, 8)).astype(np.float32))
    fold = np.arange(60) % 3
    fold[:4] = -1
    rows, weights = find_neighbours(directions, fold, n=5)
    labels = random.integers(-1, 3, 60)
    shares = neighbour_shares((rows, weights), labels, 3)
    for row in range(4, 60):
        similar = directions @ directions[row]
        others = [other for other in np.argsort(-similar) if fold[other] != fold[row]][:5]
        assert set(rows[row]) == set(others)
        votes = np.array([sum(max(similar[o], 0) for o in others if labels[o] == k) for k in range(3)])
        if votes.sum():
            assert shares[row] == pytest.approx(votes / votes.sum(), rel=1e-4)


def test_without_a_labelled_neighbour_nothing_is_known() -> None:
    neighbours = (np.array([[1], [0]]), np.array([[0.5], [0.5]]))
    assert np.isnan(neighbour_shares(neighbours, np.array([0, -1]), 2)[0]).all()
