from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from linear.conftest import N, make_problem
from podium.linear import feature_rows, moments
from podium.linear.design import Design
from podium.linear.moments import Moments, sum_parts


def test_what_is_left_without_a_part_is_the_moments_of_the_rest(
    features: NDArray[np.float32], labels: NDArray[np.int64], monkeypatch
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(feature_rows, "BLOCK", 37)
    monkeypatch.setattr(moments, "_STRIP", 8)
    problem = make_problem(features, labels, n_views=2)
    x, y = problem.source.read().double().numpy(), problem.target.repeat(2, 1).double().numpy()
    part = torch.from_numpy(np.arange(2 * N) % 3)
    weights = torch.linspace(0.5, 2, 2 * N)
    parts = sum_parts(Design(problem.source, None), y_tensor := torch.from_numpy(y).float(), weights, part, 3)
    rest = parts[1] + parts[2]
    assert len(y_tensor) == 2 * N
    kept = part.numpy() != 0
    w = weights.numpy()[kept]
    covariance = np.cov(x[kept].T, aweights=w, ddof=0)
    np.testing.assert_allclose(rest.covariance, covariance, atol=1e-4)
    np.testing.assert_allclose(rest.share, np.average(y[kept], axis=0, weights=w), atol=1e-6)
    joint = np.cov(np.column_stack([x, y])[kept].T, aweights=w, ddof=0)[: x.shape[1], x.shape[1] :]
    np.testing.assert_allclose(rest.cross_covariance, joint, atol=1e-5)
    again = (parts[0] + rest) - parts[0]
    assert isinstance(again, Moments)
    torch.testing.assert_close(again.second, rest.second)
