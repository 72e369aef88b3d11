from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from podium.errors import UsageError
from podium.models import Classifier, build_backbone, freeze_backbone, freeze_blocks, unfreeze
from podium.tables import Head, Task

TASK = Task((Head("mask", "single", ("wear", "wrong", "none")),))
IMAGES = torch.randint(256, (4, 32, 32, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def make_model(name: str = "resnet10t") -> Classifier:
    return Classifier(build_backbone(name, "random", 32, drop_rate=0.2 if name == "tiny" else 0.0), TASK)


def take_step(model: Classifier) -> None:
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    model(IMAGES)["mask"].square().sum().backward()
    optimizer.step()


@pytest.mark.parametrize("name", ["tiny", "resnet10t", "mobilenetv2_100"])
def test_a_frozen_backbone_stays_bit_for_bit(name: str) -> None:
    model = make_model(name)
    freeze_backbone(model)
    before = copy.deepcopy(model.backbone.state_dict())
    head_before = copy.deepcopy(model.heads.state_dict())
    model.train()
    take_step(model)
    assert all(torch.equal(value, before[key]) for key, value in model.backbone.state_dict().items())
    assert any(not torch.equal(value, head_before[key]) for key, value in model.heads.state_dict().items())
    assert model.training
    assert model.heads.training
    assert not any(part.training for part in model.backbone.modules())


@pytest.mark.slow
@pytest.mark.parametrize("n_blocks", [1, 3])
@pytest.mark.parametrize("name", ["resnet10t", "tf_efficientnet_lite0", "tiny"])
def test_a_frozen_stem_stays_and_the_rest_moves(name: str, n_blocks: int) -> None:
    model = make_model(name)
    freeze_blocks(model, n_blocks)
    frozen = {key for key, value in model.named_parameters() if not value.requires_grad}
    before = copy.deepcopy(model.state_dict())
    model.train()
    for _ in range(2):  # heads start so small that the first step's gradient below them is tiny
        take_step(model)
    after = model.state_dict()
    assert frozen
    assert all(torch.equal(after[key], before[key]) for key in frozen)
    for key, part in model.named_modules():
        if isinstance(part, nn.BatchNorm2d):
            is_frozen = f"{key}.weight" in frozen
            assert part.training is not is_frozen
            assert torch.equal(after[f"{key}.running_mean"], before[f"{key}.running_mean"]) is is_frozen


def test_stages_of_a_resnet_are_the_stem_and_four_layers() -> None:
    model = make_model()
    freeze_blocks(model, 2)
    frozen = {key.split(".")[1] for key, value in model.named_parameters() if not value.requires_grad}
    assert frozen == {"conv1", "bn1", "layer1"}
    with pytest.raises(UsageError, match="has 5"):
        freeze_blocks(model, 6)


def test_a_stage_of_several_blocks_is_frozen_whole() -> None:
    model = make_model("tf_efficientnet_lite0")  # its second stage of blocks has two
    freeze_blocks(model, 3)
    frozen = {key.removeprefix("backbone.") for key, value in model.named_parameters() if not value.requires_grad}
    assert {".".join(key.split(".")[:2]) for key in frozen if key.startswith("blocks")} == {"blocks.0", "blocks.1"}
    assert {key for key, _ in model.backbone.blocks[1].named_parameters(prefix="blocks.1")} <= frozen


def count_parameters(model: Classifier) -> tuple[int, int]:
    """Number of parameters that train, and of all."""
    trains = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    return trains, sum(parameter.numel() for parameter in model.parameters())


def test_zero_blocks_freeze_nothing_and_all_blocks_the_backbone() -> None:
    model = make_model()
    freeze_blocks(model, 0)
    trains, total = count_parameters(model)
    assert trains == total
    freeze_blocks(model, 5)
    assert count_parameters(model)[0] == 512 * 3 + 3


def test_unfreeze_undoes_it() -> None:
    model = make_model()
    freeze_backbone(model)
    unfreeze(model)
    model.train()
    assert all(part.training for part in model.modules())
    assert count_parameters(model)[0] == count_parameters(model)[1]


def test_a_copy_is_frozen_on_its_own() -> None:
    model = make_model("tiny")
    freeze_backbone(model)
    twin = copy.deepcopy(model)
    unfreeze(model)
    twin.train()
    model.train()
    assert not twin.backbone.training
    assert model.backbone.training
    assert list(twin.state_dict()) == list(model.state_dict())
