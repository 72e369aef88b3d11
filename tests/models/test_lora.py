"""LoRA: the update's formula in float64, what trains, and the merged network beside the unmerged one."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from timm.models.beit import Beit
from torch import Tensor, nn
from torch.nn import functional

from podium.errors import UsageError
from podium.models import Classifier, LoraLinear, add_lora, build_backbone, merge_lora, parameter_groups, remove_lora
from podium.tables import Head, Task

TASK = Task((Head("mask", "single", ("wear", "wrong", "none")), Head("tags", "multi", ("a",))))
NETWORKS = ["test_vit", "test_vit4", "test_convnext3", "beit_tiny"]
"""A fused qkv, other norms, linear layers among convolutions, and an attention that reads its layer's weights."""


def build(name: str = "test_vit") -> Classifier:
    """With random weights, and no scale of a layer near zero, which would hide what it does."""
    torch.manual_seed(0)
    backbone = build_backbone("tiny", "random") if name == "beit_tiny" else build_backbone(name, "random", 32)
    if name == "beit_tiny":
        module = Beit(img_size=32, embed_dim=32, depth=2, num_heads=2, num_classes=0)
        backbone = replace(backbone, module=module, n_features=32)
    for key, parameter in backbone.module.named_parameters():
        if "gamma" in key:
            nn.init.ones_(parameter)
    return Classifier(backbone, TASK)


def disturb(model: Classifier) -> None:
    """Updates as training leaves them."""
    generator = torch.Generator().manual_seed(1)
    for layer in model.modules():
        if isinstance(layer, LoraLinear):
            nn.init.normal_(layer.up, std=0.05, generator=generator)


def images_of(n: int = 3) -> Tensor:
    return torch.randint(0, 256, (n, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))


def test_layer_and_gradients_are_the_papers_formula() -> None:
    torch.manual_seed(0)
    base = nn.Linear(7, 5).double()
    w, b = base.weight.detach().clone(), base.bias.detach().clone()
    layer = LoraLinear(base, 3, alpha=6.0)
    nn.init.normal_(layer.up)
    x = torch.randn(2, 4, 7, dtype=torch.float64)
    down, up = (value.detach().clone().requires_grad_() for value in (layer.down, layer.up))
    expected = functional.linear(x, w + 6 / 3 * up @ down, b)
    torch.testing.assert_close(layer(x), expected)
    torch.testing.assert_close(functional.linear(x, layer.weight, layer.bias), expected)
    layer(x).square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(layer.down.grad, down.grad)
    torch.testing.assert_close(layer.up.grad, up.grad)
    assert base.weight.grad is None
    torch.testing.assert_close(layer.merged()(x), expected.detach())


@pytest.mark.parametrize("name", NETWORKS)
def test_merged_equals_unmerged_and_has_the_networks_own_state(name: str) -> None:
    plain = build(name).eval()
    model = copy.deepcopy(plain)
    n_layers = sum(isinstance(module, nn.Linear) for module in model.backbone.modules())
    add_lora(model.backbone, 2)
    assert sum(isinstance(module, LoraLinear) for module in model.modules()) == n_layers
    with torch.no_grad():
        for head, logits in plain(images_of()).items():
            torch.testing.assert_close(model(images_of())[head], logits, rtol=0, atol=1e-6)
        disturb(model)
        unmerged = model(images_of())
        merge_lora(model)
        merged = model(images_of())
        assert (merged["mask"] - plain(images_of())["mask"]).abs().max() > 1e-4
        plain.load_state_dict(model.state_dict())
        for head, logits in unmerged.items():
            torch.testing.assert_close(merged[head], logits, rtol=0, atol=1e-5)
            assert torch.equal(plain(images_of())[head], merged[head])


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("trains_norms", [False, True])
def test_only_updates_heads_and_norms_learn(name: str, trains_norms: bool) -> None:
    model = build(name)
    add_lora(model.backbone, 2, trains_norms=trains_norms)
    disturb(model)
    model.train()
    sum(logits.square().sum() for logits in model(images_of()).values()).backward()  # type: ignore[union-attr]
    learning = {key for key, parameter in model.named_parameters() if parameter.grad is not None}
    updates = {key for key in learning if key.endswith((".up", ".down"))}
    assert len(updates) == 2 * sum(isinstance(layer, LoraLinear) for layer in model.modules())
    rest = {key for key in learning - updates if not key.startswith("heads.")}
    parents = [model.get_submodule(key.rpartition(".")[0]) for key in rest]
    assert all("Norm" in type(parent).__name__ for parent in parents)
    assert bool(rest) == trains_norms


def test_batch_norm_rests_with_its_frozen_weights() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    add_lora(net, 1)
    net.train()
    assert [module.training for module in net] == [True, False, True]


@pytest.mark.parametrize("layer_decay", [1.0, 0.5])
def test_updates_are_in_the_groups_of_their_layers(layer_decay: float) -> None:
    model = build()
    expected = {
        id(parameter): (group["name"], group["lr"], group["weight_decay"])
        for group in parameter_groups(model, 0.1, 0.05, layer_decay=layer_decay)
        for parameter in group["params"]
    }
    add_lora(model.backbone, 2)
    mine = {
        id(parameter): (group["name"], group["lr"], group["weight_decay"])
        for group in parameter_groups(model, 0.1, 0.05, layer_decay=layer_decay)
        for parameter in group["params"]
    }
    for layer in model.modules():
        if isinstance(layer, LoraLinear):
            assert mine[id(layer.up)] == mine[id(layer.down)] == expected[id(layer.base.weight)]
            assert id(layer.base.weight) not in mine


def test_a_shared_layer_stays_shared() -> None:
    layer = nn.Linear(4, 4)
    net = nn.Sequential(layer, nn.ReLU(), layer)
    add_lora(net, 1)
    assert net[0] is net[2]
    remove_lora(net)
    assert net[0] is layer is net[2]


def test_removed_updates_leave_the_network_as_it_was() -> None:
    model = build()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    add_lora(model.backbone, 2)
    disturb(model)
    remove_lora(model)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_network_without_linear_layers_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no linear layers.*vision transformer"):
        add_lora(build_backbone("resnet10t", "random", 32, n_features=512).module, 8)


def test_dropout_where_weights_are_read_is_refused() -> None:
    model = build("beit_tiny")
    add_lora(model.backbone, 2, dropout=0.1)
    with pytest.raises(UsageError, match="lora_dropout=0"):
        model(images_of())
