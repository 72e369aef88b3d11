from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from podium.errors import WeightsError
from podium.models import Soup


def walk(model: nn.Linear, steps: int) -> list[np.ndarray]:
    """Move the weight a few times; gives where it was, float64."""
    generator, seen = torch.Generator().manual_seed(0), []
    for _ in range(steps):
        with torch.no_grad():
            model.weight += torch.randn(model.weight.shape, generator=generator)
        seen.append(model.weight.detach().double().numpy().copy())
    return seen


def test_is_the_mean_over_epochs_and_what_rests_stays_to_the_bit() -> None:
    model, soup, seen = nn.Linear(5, 4), Soup(3), []
    bias = model.bias.detach().clone()
    for _ in range(3):
        seen += walk(model, 1)
        soup.take(model)
    soup.pour_into(model)
    np.testing.assert_allclose(model.weight.detach().numpy(), np.mean(seen, axis=0), rtol=1e-6)
    assert torch.equal(model.bias, bias)


def test_goes_on_from_a_checkpoint() -> None:
    model, soup, resumed = nn.Linear(5, 4), Soup(3), Soup(3)
    soup.take(model)
    resumed.load_state_dict(soup.state_dict(), model)
    walk(model, 1)
    for one in (soup, resumed):
        one.take(model)
    found = [nn.Linear(5, 4), nn.Linear(5, 4)]
    for one, into in zip((soup, resumed), found, strict=True):
        one.pour_into(into)
    assert torch.equal(found[0].weight, found[1].weight)
    with pytest.raises(WeightsError, match="another model"):
        resumed.load_state_dict(soup.state_dict(), nn.Linear(2, 2))
