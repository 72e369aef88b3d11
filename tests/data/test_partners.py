from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from podium.data.partners import Partners

U = np.random.default_rng(0).random(4000)


@pytest.mark.slow
@given(st.lists(st.integers(-1, 4), min_size=1, max_size=40))
def test_partners_are_of_the_same_class(labels: list[int]) -> None:
    column, positions = np.array(labels), np.arange(len(labels)).repeat(20)
    partner = Partners.of_same_class(column).draw(positions, U[: len(positions)])
    assert (column[partner] == column[positions]).all()
    assert (partner[column[positions] < 0] == positions[column[positions] < 0]).all()


def test_every_image_of_the_class_comes_as_often() -> None:
    column = np.array([0, 1, 0, 1, 1, -1])
    partner = Partners.of_same_class(column).draw(np.full(len(U), 1), U)
    counts = np.bincount(partner, minlength=6)
    assert set(np.flatnonzero(counts)) == {1, 3, 4}
    assert stats.chisquare(counts[[1, 3, 4]]).pvalue > 1e-3


def test_images_with_several_labels_have_the_same_set() -> None:
    tags = np.array([[1, 0], [0, 1], [1, 0], [1, 1], [-1, 0]])
    pool = Partners.of_same_class(tags)
    assert set(pool.draw(np.full(50, 0), U[:50])) == {0, 2}
    assert pool.draw(np.array([3, 4]), U[:2]).tolist() == [3, 4]


def test_rare_partners_have_a_named_class_or_one_of_few_images() -> None:
    column = np.array([0] * 8 + [1] * 3 + [2] * 1 + [-1])
    positions = np.arange(len(column)).repeat(100)
    for classes, wanted in ((np.array([2]), {2}), (np.array([1, 2]), {1, 2}), (None, {1, 2})):
        partner = Partners.of_rare_classes(column, classes).draw(positions, U[: len(positions)])
        assert set(column[partner]) == wanted
    tags = np.array([[1, 0, 0], [1, 0, 0], [1, 1, -1], [1, 0, 0]])
    assert set(Partners.of_rare_classes(tags, None).draw(positions % 4, U[: len(positions)])) == {2}


@pytest.mark.parametrize("column", [np.array([0, 1, 0, 1]), np.array([3, 3])])
def test_without_rarer_classes_all_are(column: np.ndarray) -> None:
    positions = np.zeros(200, dtype=np.int64)
    partner = Partners.of_rare_classes(column, None).draw(positions, U[:200])
    assert set(column[partner]) == set(column)


@pytest.mark.parametrize("column", [np.array([-1, -1]), np.array([[0, 0], [0, 0]])])
def test_without_a_pool_an_image_is_its_own_partner(column: np.ndarray) -> None:
    for pool in (Partners.of_rare_classes(column, None), Partners.of_rare_classes(column, np.array([1]))):
        assert pool.draw(np.array([1, 0]), U[:2]).tolist() == [1, 0]
