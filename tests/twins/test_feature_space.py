"""Directions and neighbours, beside scikit-learn's."""

from __future__ import annotations

import numpy as np
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import StandardScaler

from podium.twins import find_nearest, make_directions


def test_similarity_is_the_cosine_of_standardised_features() -> None:
    features = np.random.default_rng(0).normal(3, [1, 50, 0.1], (40, 3)).astype(np.float32)
    directions = make_directions(features)
    np.testing.assert_allclose(
        directions @ directions.T, cosine_similarity(StandardScaler().fit_transform(features)), atol=1e-4
    )


def test_a_feature_that_never_varies_counts_for_nothing() -> None:
    features = np.random.default_rng(1).normal(size=(30, 4)).astype(np.float32)
    constant = np.full((30, 1), 7.3, dtype=np.float32)
    np.testing.assert_allclose(make_directions(np.hstack([features, constant]))[:, :4], make_directions(features))


def test_the_nearest_of_each_sort_is_that_of_a_slow_loop() -> None:
    rng = np.random.default_rng(2)
    directions = make_directions(rng.normal(size=(60, 5)).astype(np.float32))
    kinds, sets = rng.integers(0, 3, 60), rng.integers(0, 12, 60)
    kinds[0] = 9  # alone of its kind
    rows = np.array([0, 7, 59])
    found = find_nearest(directions, rows, kinds, sets=sets)
    for place, row in enumerate(rows.tolist()):
        others = [other for other in range(60) if other != row]
        kin = [other for other in others if kinds[other] == kinds[row]]
        sorts = (kin, [other for other in kin if sets[other] != sets[row]], [o for o in others if o not in kin])
        for got, sort in zip(found, sorts, strict=True):
            wanted = max((float(directions[row] @ directions[other]) for other in sort), default=np.nan)
            np.testing.assert_allclose(got[place], wanted, rtol=1e-5)
