"""Every optimizer of timm: refused before anything is trained, or resumed from a checkpoint bit for bit."""

from __future__ import annotations

import json

import pytest
import timm.optim
import torch
from torch import Tensor, nn

from podium.engine import decode_tensors, encode_tensors, join_tree, split_tree
from podium.engine.checkpoints import restore_optimizer
from podium.errors import UsageError
from podium.optim import build_optimizer

NAMES = timm.optim.list_optimizers()


def _make(name: str) -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 3))
    weights = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    biases = [parameter for parameter in model.parameters() if parameter.ndim == 1]
    groups = [{"params": weights, "weight_decay": 0.01}, {"params": biases, "weight_decay": 0.0}]
    return model, build_optimizer(name, groups, 1e-2)


def _take_steps(model: nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> list[Tensor]:
    for step in steps:
        images = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        model(images).square().sum().backward()
        optimizer.step()
    return [parameter.detach().clone() for parameter in model.parameters()]


@pytest.mark.parametrize("name", NAMES)
def test_an_optimizer_is_refused_or_goes_on_from_its_state_bit_for_bit(name: str) -> None:
    try:
        model, optimizer = _make(name)
    except UsageError:
        return
    first = _take_steps(model, optimizer, range(2))
    plain, tensors = split_tree({"model": dict(model.state_dict()), "optimizer": optimizer.state_dict()})
    saved, kept = json.dumps(plain), encode_tensors(tensors)
    wanted = _take_steps(model, optimizer, range(2, 5))
    assert any((a != b).any() for a, b in zip(first, wanted, strict=True)), "nothing was learnt"

    other, again = _make(name)
    tree = join_tree(json.loads(saved), decode_tensors(kept))
    other.load_state_dict(tree["model"])
    restore_optimizer(again, tree["optimizer"])
    found = _take_steps(other, again, range(2, 5))
    assert all(torch.equal(a, b) for a, b in zip(wanted, found, strict=True))


@pytest.mark.slow
def test_few_are_refused() -> None:
    """Those that need second derivatives, cannot resume exactly, or need CUDA and a package of their own."""
    refused = []
    for name in NAMES:
        try:
            _make(name)
        except UsageError:
            refused.append(name)
    assert {"adahessian"} <= set(refused)
    assert not {"adamw", "sgd", "lamb", "lion", "muon"} & set(refused)
    others = [name for name in refused if not name.startswith(("adahessian", "kron", "bnb", "fused"))]
    assert not others
