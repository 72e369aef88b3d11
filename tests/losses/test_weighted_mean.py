"""The weighted mean against NumPy's, and its empty case."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from podium.losses.weighted_mean import weighted_mean


def test_it_is_numpys_average() -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=20), rng.random(20)
    got = weighted_mean(torch.from_numpy(values), torch.from_numpy(weights))
    assert got.item() == pytest.approx(np.average(values, weights=weights))


def test_small_weights_still_make_a_mean() -> None:
    values = torch.tensor([1.0, 5.0], dtype=torch.float64)
    assert weighted_mean(values, torch.tensor([1e-9, 3e-9], dtype=torch.float64)).item() == pytest.approx(4.0)


def test_scale_and_order_of_the_weights_do_not_matter() -> None:
    rng = torch.Generator().manual_seed(1)
    values, weights = torch.rand(9, generator=rng).double(), torch.rand(9, generator=rng).double()
    first = weighted_mean(values, weights)
    order = torch.randperm(9, generator=rng)
    torch.testing.assert_close(weighted_mean(values, 7 * weights), first)
    torch.testing.assert_close(weighted_mean(values[order], weights[order]), first)


@pytest.mark.parametrize("n", [0, 3])
def test_without_weight_it_is_0_with_a_gradient_of_0(n: int) -> None:
    values = torch.ones(n, requires_grad=True)
    mean = weighted_mean(values, torch.zeros(n))
    mean.backward()  # type: ignore[no-untyped-call]
    assert mean.item() == 0
    assert values.grad is not None
    assert values.grad.tolist() == [0.0] * n


def test_the_gradient_is_the_normalised_weight() -> None:
    values = torch.zeros(3, requires_grad=True)
    weighted_mean(values, torch.tensor([1.0, 3.0, 0.0])).backward()  # type: ignore[no-untyped-call]
    assert values.grad is not None
    assert values.grad.tolist() == [0.25, 0.75, 0.0]
