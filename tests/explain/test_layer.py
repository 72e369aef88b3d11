"""The layer is found in every family of networks, and tokens become the grid that the patches were cut from."""

from __future__ import annotations

from typing import Any

import pytest
import timm
import torch
from torch import nn

from podium.errors import UsageError
from podium.explain import find_layers
from podium.models import Backbone, Classifier
from podium.models.build_backbone import build_backbone
from podium.models.depths import read_depths
from podium.tables import Head, Task

TASK = Task((Head("kind", "single", ("a", "b", "c")),))
VIT: dict[str, Any] = {"img_size": (32, 64), "patch_size": 16, "embed_dim": 16, "depth": 2, "num_heads": 2}


def classifier(module: nn.Module, n_features: int) -> Classifier:
    half = (0.5, 0.5, 0.5)
    return Classifier(Backbone("made", module.eval(), n_features, half, half, "random"), TASK).eval()


def draw(height: int, width: int, n: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, height, width, 3), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize(
    ("name", "size", "module", "places", "grid"),
    [
        ("tiny", (32, 48), "stage2", (2, 3), (4, 6)),
        ("test_resnet", (64, 96), "layer4", (2, 3), (2, 3)),
        ("test_efficientnet", (64, 64), "bn2", (2, 3), (2, 2)),
        ("test_convnext", (64, 96), "norm_pre", (2, 3), (2, 3)),
        ("test_vit", (160, 160), "blocks.5.norm1", (1,), (10, 10)),
    ],
)
def test_the_last_places_that_reach_the_answer(
    name: str, size: tuple[int, int], module: str, places: tuple[int, ...], grid: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    model = Classifier(build_backbone(name, "random", size), TASK).eval()
    (layer,) = find_layers(model, draw(*size), "kind")
    assert (layer.module, layer.places, layer.grid) == (module, places, grid)


@pytest.mark.parametrize("pool", ["token", "avg"])
def test_a_token_stands_where_its_patch_was_cut(pool: str) -> None:
    torch.manual_seed(0)
    vit = timm.create_model("vit_tiny_patch16_224", num_classes=0, global_pool=pool, **VIT)
    (layer,) = find_layers(classifier(vit, 16), draw(32, 64), "kind")
    assert layer.grid == (2, 4)
    assert layer.n_prefix == 1
    assert ("norm1" in layer.module) == (pool == "token")
    marks = torch.arange(9.0).view(1, 9, 1)  # the class token, then rows from left to right
    assert layer.as_grid(marks)[0, 0].tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_maps_with_channels_last_are_turned() -> None:
    torch.manual_seed(0)
    swin = timm.create_model(
        "swin_tiny_patch4_window7_224",
        num_classes=0,
        img_size=(64, 128),
        window_size=2,
        embed_dim=8,
        depths=(1, 1),
        num_heads=(1, 1),
    )
    (layer,) = find_layers(classifier(swin, 16), draw(64, 128), "kind")
    assert (layer.places, layer.grid) == ((1, 2), (8, 16))
    assert layer.as_grid(torch.zeros(2, 8, 16, 5)).shape == (2, 5, 8, 16)


def test_of_several_depths_all_are_shown() -> None:
    backbone = read_depths(build_backbone("tiny", "random"), [1, 2], ("mean", "std"), (32, 32))
    found = find_layers(Classifier(backbone, TASK).eval(), draw(32, 32), "kind")
    assert [layer.module for layer in found] == ["network.stem", "network.stage1"]


def test_an_image_that_ends_as_one_place_is_refused() -> None:
    pooled = nn.Sequential(nn.Conv2d(3, 4, 8), nn.Flatten())
    with pytest.raises(UsageError, match="larger images"):
        find_layers(classifier(pooled, 4), draw(8, 8), "kind")
