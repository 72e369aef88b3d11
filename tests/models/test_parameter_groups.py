from __future__ import annotations

import pytest
import timm
import torch
from timm.optim import param_groups_layer_decay

from podium.models import Classifier, build_backbone, freeze_backbone, parameter_groups
from podium.tables import Head, Task

TASK = Task((Head("mask", "single", ("wear", "wrong", "none")), Head("tags", "multi", ("a",))))


@pytest.mark.slow
@pytest.mark.parametrize("layer_decay", [1.0, 0.75])
@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224", "tf_efficientnet_lite0", "convnext_atto"])
def test_backbone_equals_timm(name: str, layer_decay: float) -> None:
    model = Classifier(build_backbone(name, "random", 64), TASK)
    names = {id(parameter): key.removeprefix("backbone.") for key, parameter in model.named_parameters()}
    mine = {
        names[id(parameter)]: (pytest.approx(group["lr"]), group["weight_decay"])
        for group in parameter_groups(model, 0.1, 0.05, layer_decay=layer_decay)
        for parameter in group["params"]
    }
    whole = timm.create_model(name)
    whole_names = {id(parameter): key for key, parameter in whole.named_parameters()}
    theirs = {
        whole_names[id(parameter)]: (0.1 * group["lr_scale"], group["weight_decay"])
        for group in param_groups_layer_decay(
            whole, 0.05, no_weight_decay_list=tuple(getattr(whole, "no_weight_decay", tuple)()), layer_decay=layer_decay
        )
        for parameter in group["params"]
    }
    backbone_names = {key for key, _ in model.backbone.named_parameters()}
    assert backbone_names <= theirs.keys()
    assert {key: mine[key] for key in backbone_names} == {key: theirs[key] for key in backbone_names}


def test_every_trained_parameter_is_in_one_group() -> None:
    model = Classifier(build_backbone("tiny", "random"), TASK)
    groups = parameter_groups(model, 0.1, 0.05, head_lr_factor=10, layer_decay=0.5)
    ids = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(ids) == sorted(id(parameter) for parameter in model.parameters())
    assert [(group["name"], group["lr"], group["weight_decay"]) for group in groups] == [
        ("backbone.0.no_decay", 0.0125, 0.0),
        ("backbone.0", 0.0125, 0.05),
        ("backbone.1.no_decay", 0.025, 0.0),
        ("backbone.1", 0.025, 0.05),
        ("backbone.2.no_decay", 0.05, 0.0),
        ("backbone.2", 0.05, 0.05),
        ("heads.no_decay", 1.0, 0.0),
        ("heads", 1.0, 0.05),
    ]
    assert all(group["lr"] == group["initial_lr"] for group in groups)


def test_frozen_parameters_are_in_none() -> None:
    model = Classifier(build_backbone("tiny", "random"), TASK)
    freeze_backbone(model)
    assert {group["name"] for group in parameter_groups(model, 0.1, 0.05)} == {"heads", "heads.no_decay"}
    model.requires_grad_(False)
    with pytest.raises(ValueError, match="nothing to train"):
        parameter_groups(model, 0.1, 0.05)


def test_state_of_an_optimizer_keeps_the_names() -> None:
    model = Classifier(build_backbone("tiny", "random"), TASK)
    optimizer = torch.optim.AdamW(parameter_groups(model, 0.1, 0.05))
    other = torch.optim.AdamW(parameter_groups(model, 0.2, 0.05))
    other.load_state_dict(optimizer.state_dict())
    assert [group["name"] for group in other.param_groups] == [
        "backbone.no_decay",
        "backbone",
        "heads.no_decay",
        "heads",
    ]
