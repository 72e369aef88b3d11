"""E10: folds are laid over each other by a rotation, exactly where they differ by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import procrustes
from scipy.stats import ortho_group

from podium.predicting.embeddings import align_to


def test_a_turned_space_comes_back_and_others_as_near_as_procrustes() -> None:
    rng = np.random.default_rng(0)
    target = rng.normal(size=(50, 6)).astype(np.float32)
    turned = (2.5 * target @ ortho_group.rvs(6, random_state=1) + 3).astype(np.float32)
    laid = align_to(target, turned)
    np.testing.assert_allclose(laid(turned), target, atol=1e-4)
    assert laid.fit == pytest.approx(1, abs=1e-5)
    noisy = turned + rng.normal(size=turned.shape).astype(np.float32)
    _, _, disparity = procrustes(target, noisy)
    assert align_to(target, noisy).fit == pytest.approx(1 - disparity, abs=1e-4)
    nothing = align_to(target, np.ones_like(target))
    np.testing.assert_allclose(nothing(np.ones_like(target)), np.tile(target.mean(axis=0), (50, 1)), atol=1e-5)
