from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import Tensor

from podium.linear.pool import LEAST_FACTOR, log_loss, pool_logits

N, C = 200, 4


def draw(*, is_multi: bool) -> tuple[list[Tensor], Tensor, Tensor]:
    """Logits of two kinds that each know something else, and of one that knows nothing."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, C, N)
    target = rng.integers(0, 2, (N, C)).astype(float) if is_multi else np.eye(C)[labels]
    signal = [2 * target - 1 + rng.normal(0, spread, (N, C)) for spread in (1.5, 2.0)]
    logits = [torch.from_numpy(values) for values in (*signal, rng.normal(0, 1, (N, C)))]
    weights = rng.uniform(0.2, 2, (N, C if is_multi else 1))
    return logits, torch.from_numpy(target), torch.from_numpy(weights)


@pytest.mark.parametrize("is_multi", [False, True])
def test_the_factors_are_those_that_scipy_finds(is_multi: bool) -> None:
    logits, target, weights = draw(is_multi=is_multi)

    def loss(factors: np.ndarray) -> float:
        whole = sum(float(factor) * values for factor, values in zip(factors, logits[:2], strict=True))
        assert isinstance(whole, Tensor)
        return log_loss(whole, target, weights, is_multi=is_multi)

    expected = minimize(loss, [0.5, 0.5], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-10}).x
    assert expected.min() > LEAST_FACTOR
    found = pool_logits(logits[:2], target, weights, is_multi=is_multi)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_kind_that_does_not_help_is_left_out_and_classes_may_be_ruled_out() -> None:
    logits, target, weights = draw(is_multi=False)
    logits[2] = -logits[0]
    found = pool_logits(logits[1:], target, weights, is_multi=False)
    assert found[0] > LEAST_FACTOR
    assert found[1] == 0
    closed = [torch.cat([values, torch.full((N, 1), -torch.inf)], dim=1) for values in logits[:2]]
    target = torch.cat([target, torch.zeros(N, 1)], dim=1)
    torch.testing.assert_close(
        pool_logits(closed, target, weights, is_multi=False),
        pool_logits(logits[:2], target[:, :C], weights, is_multi=False),
    )
