"""Layer numbers: from the image upwards, without gaps."""

from __future__ import annotations

import pytest
import timm
import torch
from timm.optim._param_groups import param_groups_layer_decay
from torch import nn

from podium.models.layer_order import count_layers, find_layers
from podium.models.tiny import TinyBackbone


@pytest.fixture(scope="module")
def resnet() -> nn.Module:
    return timm.create_model("resnet10t", num_classes=0)


def test_each_child_of_a_plain_module_is_a_layer() -> None:
    layers, head = find_layers(TinyBackbone(), is_coarse=False)
    assert layers["stem.0.weight"] == layers["stem.1.bias"] == 0
    assert layers["stage1.0.weight"] == 1
    assert layers["stage2.1.weight"] == 2
    assert head == count_layers(TinyBackbone(), is_coarse=True) == 3


def test_children_without_parameters_are_no_layers() -> None:
    module = nn.Sequential(nn.ReLU(), nn.Linear(2, 2), nn.Dropout(), nn.Linear(2, 2))
    layers, head = find_layers(module, is_coarse=False)
    assert layers == {"1.weight": 0, "1.bias": 0, "3.weight": 1, "3.bias": 1}
    assert head == 2


@pytest.mark.parametrize("is_coarse", [False, True])
def test_every_parameter_of_a_timm_model_has_a_layer_and_none_is_skipped(resnet: nn.Module, is_coarse: bool) -> None:
    layers, head = find_layers(resnet, is_coarse=is_coarse)
    assert set(layers) == {name for name, _ in resnet.named_parameters()}
    assert sorted(set(layers.values())) == list(range(head))
    assert layers["conv1.0.weight"] == 0
    depths = [layers[f"layer{stage}.0.conv1.weight"] for stage in (1, 2, 3, 4)]
    assert depths == sorted(set(depths))


@pytest.mark.slow
def test_coarse_layers_are_fewer_and_keep_the_order(resnet: nn.Module) -> None:
    fine, _ = find_layers(timm.create_model("resnet18", num_classes=0), is_coarse=False)
    coarse, _ = find_layers(timm.create_model("resnet18", num_classes=0), is_coarse=True)
    assert len(set(coarse.values())) < len(set(fine.values()))
    assert coarse["layer2.0.conv1.weight"] == coarse["layer2.1.conv1.weight"]
    assert fine["layer2.0.conv1.weight"] < fine["layer2.1.conv1.weight"]
    by_depth = sorted(fine, key=lambda name: fine[name])
    assert [coarse[name] for name in by_depth] == sorted(coarse.values())
    assert count_layers(resnet, is_coarse=True) == 5  # the first convolutions and four stages


@pytest.mark.slow
def test_layers_fall_into_the_groups_of_timms_layer_decay() -> None:
    model = timm.create_model("resnet10t", num_classes=3)
    scale = {
        id(parameter): group["lr_scale"]
        for group in param_groups_layer_decay(model, layer_decay=0.5)
        for parameter in group["params"]
    }
    layers, head = find_layers(timm.create_model("resnet10t", num_classes=0), is_coarse=False)
    for name, parameter in model.named_parameters():
        if name in layers:
            assert scale[id(parameter)] == 0.5 ** (head - layers[name]), name


def test_nothing_of_the_module_is_changed(resnet: nn.Module) -> None:
    names = [name for name, _ in resnet.named_parameters()]
    before = torch.get_rng_state()
    find_layers(resnet, is_coarse=True)
    assert [name for name, _ in resnet.named_parameters()] == names
    assert torch.equal(torch.get_rng_state(), before)
