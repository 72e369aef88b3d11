from __future__ import annotations

import copy

import torch
from torch import nn
from torch.optim.swa_utils import update_bn

from engine.tiny_training import make_batches, make_parts
from podium.engine import measure_norms
from podium.models import freeze


class Pixels(nn.Module):
    """Two batch norms, no dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Maps of the images."""
        return self.layers(images.movedim(-1, 1).float())


def norms_of(model: nn.Module) -> list[torch.Tensor]:
    return [value for name, value in model.named_buffers() if "running" in name]


def test_are_torchs() -> None:
    model, batches = Pixels(), make_batches()
    oracle = copy.deepcopy(model)
    update_bn([batch.images for batch in batches.from_position(0)], oracle)
    measure_norms(model, batches.from_position(0), make_parts())
    torch.testing.assert_close(norms_of(model), norms_of(oracle))
    assert not model.training
    assert [it.momentum for it in model.layers if isinstance(it, nn.BatchNorm2d)] == [0.1, 0.1]


def test_a_frozen_norm_stays() -> None:
    model = Pixels()
    freeze(model.layers[0])
    measure_norms(model, make_batches().from_position(0), make_parts(micro_batch=1))
    assert torch.equal(model.layers[0].running_mean, torch.zeros(3))
    assert not torch.equal(model.layers[2].running_mean, torch.zeros(4))
