from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from podium.linear import NearestLayer
from podium.linear.nearest_layer import make_prototypes


def make_rows() -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(30, 5)), rng.permutation(np.arange(30) % 4), rng.normal(size=(11, 5))


def make_layer(rows: NDArray[np.float64], marks: NDArray[np.int64], k: int, *, is_multi: bool = False) -> NearestLayer:
    layer = NearestLayer(rows.shape[1], marks.shape[1], is_multi=is_multi).double()
    one = torch.ones((), dtype=torch.float64)
    layer.remember(torch.from_numpy(rows), torch.from_numpy(marks), k, 3 * one, 0.5 * one)
    return layer


@pytest.mark.parametrize("k", [1, 3, 100])
def test_equals_a_loop_over_classes(k: int) -> None:
    rows, labels, images = make_rows()
    logits = make_layer(rows, np.eye(5, dtype=np.int64)[labels], k)(torch.from_numpy(images)).numpy()
    cosines = cosine_similarity(images, rows)
    for number in range(4):
        own = np.sort(cosines[:, labels == number], axis=1)[:, ::-1][:, :k]
        np.testing.assert_allclose(logits[:, number], 3 * own.mean(axis=1) + 0.5)
    np.testing.assert_allclose(logits[:, 4], -3 + 0.5)  # a class without images is as far as can be


def test_one_neighbour_decides_as_scikit_learn() -> None:
    rows, labels, images = make_rows()
    reference = KNeighborsClassifier(1, metric="cosine").fit(rows, labels)
    layer = make_layer(rows, np.eye(4, dtype=np.int64)[labels], 1)
    assert layer(torch.from_numpy(images)).argmax(dim=1).tolist() == reference.predict(images).tolist()


def test_prototypes_decide_as_centroids_of_directions() -> None:
    rows, labels, images = make_rows()
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    marks = torch.from_numpy(np.eye(4, dtype=np.int64)[labels])
    means, of = make_prototypes(torch.from_numpy(unit), marks, is_multi=False)
    centroids = NearestCentroid().fit(unit, labels).centroids_
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
    np.testing.assert_allclose(means.numpy(), centroids)
    logits = make_layer(means.numpy(), of.numpy(), 1)(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(logits, 3 * cosine_similarity(images, centroids) + 0.5)


def test_several_labels_are_with_against_without() -> None:
    rows, _, images = make_rows()
    marks = np.random.default_rng(1).integers(-1, 2, (30, 3))
    logits = make_layer(rows, marks, 2, is_multi=True)(torch.from_numpy(images)).numpy()
    cosines = cosine_similarity(images, rows)
    for label in range(3):
        near = [np.sort(cosines[:, marks[:, label] == mark], axis=1)[:, -2:].mean(axis=1) for mark in (1, 0)]
        np.testing.assert_allclose(logits[:, label], 3 * (near[0] - near[1]) + 0.5)


def test_a_state_of_other_rows_loads() -> None:
    rows, labels, images = make_rows()
    layer = make_layer(rows, np.eye(4, dtype=np.int64)[labels], 2)
    other = copy.deepcopy(NearestLayer(5, 4).double())
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(torch.from_numpy(images)), layer(torch.from_numpy(images)))
    with pytest.raises(RuntimeError, match="size mismatch"):
        NearestLayer(6, 4).load_state_dict(layer.state_dict())
