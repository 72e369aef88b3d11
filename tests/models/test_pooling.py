from __future__ import annotations

from typing import Any

import pytest
import torch

from podium.errors import UsageError
from podium.models import Classifier, Gem, build_backbone, parameter_groups
from podium.tables import Head, Task

NETWORKS = [
    "tiny",
    "test_resnet",
    "test_convnext",
    "test_efficientnet",
    pytest.param("swin_tiny_patch4_window7_224", marks=pytest.mark.slow),
    pytest.param("mobilenetv3_small_100", marks=pytest.mark.slow),
]


def pooled_maps(name: str, pooling: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """What the pooling of a network takes and gives."""
    torch.manual_seed(0)
    network = build_backbone(name, "random", 64, pooling=pooling).module
    [layer] = [module for path, module in network.named_modules() if path.rpartition(".")[2] == "global_pool"]
    seen: list[torch.Tensor] = []
    layer.register_forward_hook(lambda _layer, given, out: seen.extend((given[0], out)))
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        network(images)
    return seen[0], seen[1].flatten(1)


@pytest.mark.long
@pytest.mark.parametrize("name", NETWORKS)
def test_each_pooling_is_what_it_says(name: str) -> None:
    maps, own = pooled_maps(name, "own")
    places = (1, 2) if name.startswith("swin") else (2, 3)
    mean, most = maps.mean(dim=places), maps.amax(dim=places)
    power = maps.clamp_min(1e-6).pow(3).mean(dim=places).pow(1 / 3)
    torch.testing.assert_close(own, mean)
    for pooling, expected in {"avg": mean, "max": most, "avgmax": (mean + most) / 2, "gem": power}.items():
        torch.testing.assert_close(pooled_maps(name, pooling)[1], expected, msg=pooling)


def test_vision_transformers_are_refused() -> None:
    with pytest.raises(UsageError, match=r"'test_vit' has no pooling over the places of a map.*convolutional network"):
        build_backbone("test_vit", "random", 64, pooling="gem")


def test_the_power_is_learnt_without_weight_decay() -> None:
    backbone = build_backbone("test_resnet", "random", 64, pooling="gem")
    model = Classifier(backbone, Task((Head("label", "single", ("a", "b")),)))
    [gem] = [module for module in model.modules() if isinstance(module, Gem)]
    groups = parameter_groups(model, 1e-3, 0.1)
    decays = [group["weight_decay"] for group in groups for parameter in group["params"] if parameter is gem.p]
    assert decays == [0]
    model(torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8))["label"].sum().backward()
    assert gem.p.grad is not None
