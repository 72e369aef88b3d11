"""Fused networks beside unfused ones, and RepVGG's formula in float64."""

from __future__ import annotations

import copy
import importlib

import pytest
import torch
from timm.layers import BatchNormAct2d
from torch import Tensor, nn
from torch.nn import functional

from podium.models import Classifier, build_backbone, fuse
from podium.tables import Head, Task

under_test = importlib.import_module("podium.models.fuse")  # the package has the function under this name
TASK = Task((Head("mask", "single", ("wear", "wrong", "none")), Head("tags", "multi", ("a",))))
SLOW = ["mobileone_s1", "fastvit_t8", "repvit_m0_9", "repghostnet_050", "efficientvit_m0"]


def build(name: str, side: int = 64) -> Classifier:
    """With statistics of batch norm as training leaves them: at their start, every branch would only be scaled."""
    torch.manual_seed(0)
    model = Classifier(build_backbone(name, "random", side), TASK).eval()
    generator = torch.Generator().manual_seed(1)
    for norm in model.modules():
        if isinstance(norm, nn.BatchNorm2d | nn.BatchNorm1d):
            assert norm.running_mean is not None
            assert norm.running_var is not None
            nn.init.normal_(norm.running_mean, std=0.1, generator=generator)
            nn.init.uniform_(norm.running_var, 0.5, 1.5, generator=generator)
            nn.init.uniform_(norm.weight, 0.5, 1.5, generator=generator)
            nn.init.normal_(norm.bias, std=0.1, generator=generator)
    return model


def images_of(side: int = 64) -> Tensor:
    return torch.randint(0, 256, (3, side, side, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize(
    "name", ["repvgg_a0", "mobileone_s0", *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
)
def test_fused_equals_unfused_within_1e_5(name: str) -> None:
    model = build(name, 224 if name == "efficientvit_m0" else 64)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    images = images_of(224 if name == "efficientvit_m0" else 64)
    fused = fuse(model, tuple(images.shape[1:3]))
    assert fused is not model
    assert sum(p.numel() for p in fused.parameters()) < sum(p.numel() for p in model.parameters())
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    with torch.inference_mode():
        for head, logits in model(images).items():
            assert (fused(images)[head] - logits).abs().max() <= 1e-5 * max(1, logits.abs().max())


def test_a_block_is_the_papers_sum_of_branches() -> None:
    model = build("repvgg_a0").double()
    block = model.backbone.get_submodule("stages.0.1")
    x = torch.randn(2, 48, 9, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    total = torch.zeros_like(x)
    for branch in (block.conv_kxk, block.conv_1x1):
        total = total + plain_norm(functional.conv2d(x, branch.conv.weight, padding=branch.conv.padding), branch.bn)
    total = functional.relu(total + plain_norm(x, block.identity))
    with torch.inference_mode():
        torch.testing.assert_close(block(x), total)
    fused = copy.deepcopy(block)
    fused.reparameterize()
    with torch.inference_mode():
        torch.testing.assert_close(fused(x), total)


def plain_norm(x: Tensor, norm: BatchNormAct2d) -> Tensor:
    mean, var, weight, bias = (
        value.detach().view(1, -1, 1, 1) for value in (norm.running_mean, norm.running_var, norm.weight, norm.bias)
    )
    result: Tensor = (x - mean) / (var + norm.eps).sqrt() * weight + bias
    return result


def test_other_networks_stay_themselves() -> None:
    model = Classifier(build_backbone("tiny", "random"), TASK).eval()
    assert fuse(model, (32, 32)) is model


@pytest.mark.long
def test_one_that_would_answer_otherwise_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build("mobileone_s0", 32)

    def spoil(network: nn.Module, *, inplace: bool) -> nn.Module:
        with torch.no_grad():
            next(iter(network.parameters())).mul_(1.01)
        return network

    monkeypatch.setattr(under_test, "reparameterize_model", spoil)
    assert under_test.fuse(model, (32, 32)) is model
