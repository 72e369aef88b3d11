"""Families that the documentation names, each at the smallest size it takes: built, trained, saved and resumed."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from podium.engine import HeadObjective, Objective, Parts, train_step
from podium.losses import cross_entropy_per_sample
from podium.models import Classifier, build_backbone, parameter_groups
from podium.models.layer_order import count_layers
from podium.tables import Head, Task

TASK = Task((Head("kind", "single", ("a", "b", "c")),))
FAST = {"resnet18": 32, "rexnet_100": 32, "repvgg_a0": 32, "vit_tiny_patch16_224": 32, "convnext_atto": 32}
SLOW = {
    "resnet50": 32,
    "resnet101": 32,
    "legacy_seresnet18": 32,
    "seresnet50": 32,
    "darknet53": 32,
    "repvgg_b0": 32,
    **{f"efficientnet_b{number}": 32 for number in range(5)},
    **{f"efficientnet_b{number}_pruned": 32 for number in (1, 2, 3)},
    "swin_tiny_patch4_window7_224": 32,
    "eva02_tiny_patch14_224": 28,
    "vit_small_patch14_dinov2": 28,
    "vit_small_patch16_dinov3": 32,
}
NAMES = [
    *(pytest.param(name, size, id=name) for name, size in FAST.items()),
    *(pytest.param(name, size, id=name, marks=pytest.mark.slow) for name, size in SLOW.items()),
]


class Batch:
    """Three images, so that a layer on one pixel has values to normalise."""

    def __init__(self, size: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.images = torch.randint(0, 256, (3, size, size, 3), dtype=torch.uint8, generator=generator)
        self.targets: Mapping[str, Tensor] = {"kind": torch.tensor([0, 2, 1])}
        self.weights = None
        self.n_samples = 3


def parts_of(model: nn.Module) -> Parts:
    assert isinstance(model, Classifier)
    groups = parameter_groups(model, 1e-3, 0.01, layer_decay=0.9)
    return Parts(
        model=model.train(),
        objective=Objective({"kind": (HeadObjective(cross_entropy_per_sample),)}),
        optimizer=torch.optim.SGD(groups, lr=1e-3, momentum=0.9),
        schedule=lambda step: 1.0,
        score=lambda logits: {},
        score_name="kind",
        lr=1e-3,
        seed=0,
        device=torch.device("cpu"),
        clip_norm=1.0,
    )


@pytest.mark.long
@pytest.mark.parametrize(("name", "size"), NAMES)
def test_a_family_is_built_trained_saved_and_resumed(name: str, size: int) -> None:
    torch.manual_seed(0)
    model = Classifier(build_backbone(name, "random", size, drop_path_rate=0.0), TASK, dropout=0.1)
    assert count_layers(model.backbone, is_coarse=True) > 1
    batch, first = Batch(size), parts_of(model)
    assert 0 < train_step(first, batch, step=0) < 100
    again = parts_of(copy.deepcopy(model))
    with torch.no_grad():  # what is loaded takes the place of everything
        for value in again.model.state_dict().values():
            value.zero_()
    again.model.load_state_dict(model.state_dict(), strict=True)
    again.optimizer.load_state_dict(copy.deepcopy(first.optimizer.state_dict()))  # loading copies nothing
    losses = [train_step(parts, batch, step=1) for parts in (first, again)]
    assert losses[0] == losses[1]
    after = again.model.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in model.state_dict().items())
    with torch.inference_mode():
        logits = model.eval()(batch.images)["kind"]
        assert torch.equal(logits, again.model.eval()(batch.images)["kind"])
    assert logits.shape == (3, 3)
    assert logits.isfinite().all()
