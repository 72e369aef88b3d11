from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import pmean

from podium.models import Gem


def make_maps() -> torch.Tensor:
    return torch.rand(3, 5, 4, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 4


@pytest.mark.parametrize("power", [1.0, 3.0, 7.5])
def test_equals_the_power_mean(power: float) -> None:
    gem, maps = Gem().double(), make_maps()
    with torch.no_grad():
        gem.p.fill_(power)
    expected = pmean(maps.numpy().reshape(3, 5, -1), power, axis=2)
    np.testing.assert_allclose(gem(maps).detach().numpy(), expected, rtol=1e-12)


def test_lies_between_mean_and_maximum_and_knows_no_order() -> None:
    gem, maps = Gem().double(), make_maps()
    pooled = gem(maps)
    assert (pooled > maps.mean(dim=(2, 3))).all()
    assert (pooled < maps.amax(dim=(2, 3))).all()
    torch.testing.assert_close(gem(maps.flip(2, 3)), pooled)
    torch.testing.assert_close(Gem((1, 2), keepdim=True).double()(maps.permute(0, 2, 3, 1))[:, 0, 0], pooled)


def test_gradients_and_half_precision() -> None:
    gem, maps = Gem().double(), make_maps().requires_grad_()
    assert torch.autograd.gradcheck(gem, (maps,))
    loud = torch.full((1, 1, 2, 2), 100.0, dtype=torch.float16, requires_grad=True)
    pooled = Gem()(loud)
    assert pooled.dtype == torch.float16
    assert float(pooled.detach()) == pytest.approx(100.0, rel=1e-3)
    quiet = torch.zeros(1, 1, 2, 2, requires_grad=True)
    Gem()(quiet).sum().backward()
    assert quiet.grad is not None
    assert torch.isfinite(quiet.grad).all()
