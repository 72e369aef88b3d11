"""The tiny backbone: its shape, its seed and its parts."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from podium.models.tiny import TinyBackbone

IMAGES = torch.randn(4, 3, 24, 40, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", [(8, 8), (24, 40), (33, 17), (1, 1)])
def test_any_size_gives_sixteen_features(size: tuple[int, int]) -> None:
    features = TinyBackbone().eval()(torch.zeros(2, 3, *size))
    assert features.shape == (2, TinyBackbone.n_features) == (2, 16)


def test_it_has_about_two_thousand_parameters() -> None:
    convolutions = 9 * (3 * 8 + 8 * 8 + 8 * 16)
    assert sum(parameter.numel() for parameter in TinyBackbone().parameters()) == convolutions + 2 * (8 + 8 + 16)


def test_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = TinyBackbone(seed=3).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    again, other = TinyBackbone(seed=3).state_dict(), TinyBackbone(seed=4).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["stem.0.weight"], other["stem.0.weight"])


def test_weights_have_the_spread_of_he_et_al() -> None:
    weights = torch.cat([TinyBackbone(seed=seed).stage2[0].weight.flatten() for seed in range(8)])
    assert weights.std().item() == pytest.approx((2 / (16 * 9)) ** 0.5, rel=0.05)
    assert abs(weights.mean().item()) < 0.01


def test_features_are_three_convolutions_and_a_mean() -> None:
    backbone = TinyBackbone(seed=5).eval()
    maps = IMAGES
    for block in (backbone.stem, backbone.stage1, backbone.stage2):
        norm = block[1]
        maps = functional.conv2d(maps, block[0].weight, stride=2, padding=1)
        maps = functional.batch_norm(maps, norm.running_mean, norm.running_var, norm.weight, norm.bias).relu()
    assert maps.shape[2:] == (3, 5)
    torch.testing.assert_close(backbone(IMAGES), maps.flatten(2).mean(dim=2))


def test_dropout_acts_on_the_features_while_training_only() -> None:
    backbone = TinyBackbone(drop_rate=0.5)
    torch.manual_seed(0)
    with torch.no_grad():
        assert (backbone(IMAGES) == 0).float().mean() > 0.2
        backbone.eval()
        assert torch.equal(backbone(IMAGES), backbone(IMAGES))
        torch.testing.assert_close(backbone(IMAGES)[1:2], backbone(IMAGES[1:2]))
