from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from podium.models import CosineLayer


def make_layer(**options: int) -> tuple[CosineLayer, torch.Tensor]:
    torch.manual_seed(0)
    return CosineLayer(6, 4, scale=20.0, **options).double(), torch.randn(9, 6, dtype=torch.float64)


@pytest.mark.parametrize("n_centres", [1, 3])
def test_equals_cosines_to_the_nearest_centre(n_centres: int) -> None:
    layer, features = make_layer(n_centres=n_centres)
    cosines = 1 - cdist(features.numpy(), layer.weight.detach().numpy(), "cosine")  # (9, C K)
    expected = 20 * cosines.reshape(9, 4, n_centres).max(axis=2)
    np.testing.assert_allclose(layer(features).detach().numpy(), expected, atol=1e-12)


def test_lengths_count_for_nothing() -> None:
    layer, features = make_layer(n_centres=2)
    before = layer(features)
    with torch.no_grad():
        layer.weight.mul_(7.0)
    torch.testing.assert_close(layer(features * 0.01), before)
    assert torch.isfinite(layer(torch.zeros(1, 6, dtype=torch.float64))).all()


def test_autocast_keeps_cosines_precise() -> None:
    torch.manual_seed(0)
    layer, features = CosineLayer(64, 10), torch.randn(5, 64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = layer(features)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, layer(features))
