from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.data import sample_keys
from podium.training.train_sample import choose_train_sample

KEYS = sample_keys(map(str, range(4000)))
RNG = np.random.default_rng(0)


@pytest.mark.slow
@given(st.integers(1, 400), st.integers(1, 30), st.integers(0, 5))
def test_it_has_about_its_share_and_every_class(n: int, n_classes: int, seed: int) -> None:
    labels = np.random.default_rng(n).integers(-1, n_classes, n)
    chosen = choose_train_sample(KEYS[:n], labels, seed=seed)
    known = labels[labels >= 0]
    assert (np.diff(chosen) > 0).all()
    assert min(len(known), 32) <= len(chosen) <= min(n, 32 + n_classes) or not known.size
    assert set(labels[chosen]) >= set(known)


def test_the_classes_have_their_share() -> None:
    labels = np.repeat([0, 1, 2], [3000, 960, 40])
    counts = np.bincount(labels[choose_train_sample(KEYS, labels, seed=0)])
    assert counts.tolist() == [125, 40, 2]


def test_it_is_a_function_of_seed_and_ids_and_not_of_their_order() -> None:
    labels = RNG.integers(0, 4, 2000)
    order = RNG.permutation(2000)
    first = set(choose_train_sample(KEYS[:2000], labels, seed=1))
    assert {order[i] for i in choose_train_sample(KEYS[:2000][order], labels[order], seed=1)} == first
    assert set(choose_train_sample(KEYS[:2000], labels, seed=2)) != first


@pytest.mark.parametrize("labels", [np.arange(1000), np.full(1000, -1)])
def test_more_classes_than_places_and_no_labels_give_some_of_all(labels: np.ndarray) -> None:
    assert len(choose_train_sample(KEYS[:1000], labels, seed=0)) == 1000 // 24


def test_rare_labels_of_several_are_there() -> None:
    tags = np.zeros((2000, 3), dtype=np.int8)
    tags[:, 0] = 1
    tags[7, 1] = tags[8, 2] = 1
    assert {7, 8} <= set(choose_train_sample(KEYS[:2000], tags, seed=0))
