from __future__ import annotations

import torch
from torch import nn

from podium.models import count_parameters


def test_frozen_parameters_are_not_trained_and_buffers_do_not_count() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.Linear(8, 5))
    assert count_parameters(model) == {"all": 216 + 16 + 45, "trained": 216 + 16 + 45}
    model[0].requires_grad_(False)
    assert count_parameters(model) == {"all": 277, "trained": 61}
    assert count_parameters(model)["all"] == torch.nn.utils.parameters_to_vector(model.parameters()).numel()
