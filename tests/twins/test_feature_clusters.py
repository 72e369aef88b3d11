"""Clusters by evidence: planted ones are found, noise has none, silhouettes are scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from podium.twins import feature_clusters as module
from podium.twins import find_clusters, make_directions
from podium.twins.feature_clusters import _Tree


def planted(n_objects: int, n_frames: int, *, spread: float = 0.4) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Directions of frames around random objects, and the object of each."""
    rng = np.random.default_rng(n_objects)
    centres = rng.normal(size=(n_objects, 30))
    objects = np.repeat(np.arange(n_objects), n_frames)
    noise = rng.normal(size=(len(objects), 30)) * spread
    return make_directions((centres[objects] + noise).astype(np.float32)), objects


@pytest.mark.parametrize("n_frames", [2, 3, 8])
def test_planted_objects_are_found_and_stand_apart(n_frames: int) -> None:
    directions, objects = planted(40, n_frames)
    found = find_clusters(directions, objects % 3)
    assert adjusted_rand_score(objects, found.cluster) > 0.9
    assert found.separation > found.by_chance + 0.3


@pytest.mark.parametrize("n_features", [4, 16, 100])
def test_images_of_no_object_stand_apart_by_chance_only(n_features: int) -> None:
    points = np.random.default_rng(n_features).normal(size=(200, n_features)).astype(np.float32)
    found = find_clusters(make_directions(points), np.arange(200) % 3)
    assert found.separation < found.by_chance + 0.06


def test_no_cluster_holds_two_kinds_and_the_order_does_not_matter() -> None:
    directions, _ = planted(25, 4)
    kinds = np.arange(100) % 2
    found = find_clusters(directions, kinds)
    assert all(len(set(kinds[found.cluster == one])) == 1 for one in set(found.cluster.tolist()))
    order = np.random.default_rng(3).permutation(100)
    again = find_clusters(directions[order], kinds[order])
    assert adjusted_rand_score(found.cluster[order], again.cluster) == 1
    assert again.separation == pytest.approx(found.separation, abs=1e-6)


def test_silhouettes_are_those_of_scikit_learn() -> None:
    directions, _ = planted(12, 5, spread=0.8)
    tree = _Tree(directions, np.arange(60))
    cluster = tree.cut(float(np.quantile(tree.heights, 0.7)))
    distance = np.clip(1 - directions @ directions.T, 0, None)
    np.fill_diagonal(distance, 0)
    np.testing.assert_allclose(
        tree.silhouettes(cluster), silhouette_samples(distance, cluster, metric="precomputed"), atol=1e-5
    )


def test_a_kind_too_large_for_one_tree_is_halved_and_keeps_its_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_BLOCK", 100)
    directions, objects = planted(40, 8, spread=0.2)
    assert adjusted_rand_score(objects, find_clusters(directions, np.zeros(320, dtype=np.int64)).cluster) > 0.9


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_few_images_stay_alone(n: int) -> None:
    found = find_clusters(np.eye(n, 3, dtype=np.float32), np.arange(n))
    assert not found.has_company.any()
    assert found.separation == 0
