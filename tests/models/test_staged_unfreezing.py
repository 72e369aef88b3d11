"""What trains in which epoch, for networks and transformers; and that what joins begins as in a new optimizer."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import timm.optim
import torch

from podium.errors import UsageError
from podium.models import Classifier, StagedUnfreezing, build_backbone, freeze_blocks, parameter_groups
from podium.models.layer_order import count_layers, find_layers
from podium.models.staged_unfreezing import frozen_blocks_at, last_joining_epoch
from podium.optim import build_optimizer
from podium.tables import Head, Task

TASK = Task((Head("kind", "single", ("a", "b")),))
GROUPS = partial(parameter_groups, lr=1e-2, weight_decay=0.01, head_lr_factor=2.0)


def make_model(name: str = "tiny") -> Classifier:
    torch.manual_seed(0)
    return Classifier(build_backbone(name, "random", (32, 32)), TASK)


def trainable(model: Classifier) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


@pytest.mark.parametrize("name", ["tiny", "test_resnet", "test_vit", "test_efficientnet"])
@pytest.mark.parametrize("n_always", [0, 1])
def test_blocks_join_from_the_heads_down_and_norms_follow(name: str, n_always: int) -> None:
    model = make_model(name)
    n_blocks = count_layers(model.backbone, is_coarse=True)
    layers, _ = find_layers(model.backbone, is_coarse=True)
    stages = StagedUnfreezing(model, n_always=n_always, after=2, every=1, groups_of=GROUPS)
    optimizer = build_optimizer("adamw", GROUPS(model), 1e-2)
    for epoch in range(2 + n_blocks + 2):
        stages.enter(epoch, optimizer)
        model.train()
        lowest = n_blocks + 1 if epoch < 2 else max(n_blocks - 1 - (epoch - 2), n_always)
        wanted = {f"backbone.{layer}" for layer, number in layers.items() if number >= lowest}
        assert {item for item in trainable(model) if item.startswith("backbone")} == wanted
        assert {item for item in trainable(model) if item.startswith("heads")}
        known = [id(parameter) for group in optimizer.param_groups for parameter in group["params"]]
        assert sorted(known) == sorted(id(p) for p in model.parameters() if p.requires_grad)
        for part in list(model.backbone.modules())[1:]:  # a transformer holds its position embeddings itself
            own = list(part.parameters(recurse=False))
            if own:
                assert part.training == own[0].requires_grad


def test_what_is_frozen_depends_on_the_epoch_alone() -> None:
    def after(*epochs: int) -> tuple[set[str], list[list[str]]]:
        model = make_model()
        stages = StagedUnfreezing(model, n_always=0, after=1, every=1, groups_of=GROUPS)
        optimizer = build_optimizer("sgd", GROUPS(model), 1e-2)
        for epoch in epochs:
            stages.enter(epoch, optimizer)
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        return trainable(model), [[names[id(p)] for p in group["params"]] for group in optimizer.param_groups]

    assert after(3) == after(0, 1, 2, 3) == after(1, 3, 3)
    assert len(after(3)[1]) == 8, "and a resume has the groups in the order in which they joined"


def test_all_join_at_once_without_an_interval() -> None:
    numbers = [frozen_blocks_at(epoch, n_blocks=5, n_always=2, after=1, every=None) for epoch in range(3)]
    assert numbers == [None, 2, 2]
    assert last_joining_epoch(n_blocks=5, n_always=2, after=1, every=None) == 1


@pytest.mark.parametrize(("n_blocks", "n_always", "every"), [(5, 0, 1), (5, 2, 3), (3, 3, 2), (4, 1, None)])
def test_the_last_block_joins_when_it_is_said_to(n_blocks: int, n_always: int, every: int | None) -> None:
    about: dict[str, Any] = {"n_blocks": n_blocks, "n_always": n_always, "after": 2, "every": every}
    last = last_joining_epoch(**about)
    assert frozen_blocks_at(last, **about) == n_always
    before = frozen_blocks_at(last - 1, **about)
    assert before is None or before > n_always


def _step(model: Classifier, optimizer: torch.optim.Optimizer, seed: int) -> None:
    images = torch.randint(0, 256, (4, 32, 32, 3), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    optimizer.zero_grad()
    model(images)["kind"].square().sum().backward()
    optimizer.step()


def _stepped_while_frozen(name: str) -> tuple[Classifier, torch.optim.Optimizer]:
    model = make_model()
    stages = StagedUnfreezing(model, n_always=0, after=1, every=None, groups_of=GROUPS)
    optimizer = build_optimizer(name, GROUPS(model), 1e-2, weight_decay=0.01)
    for seed in range(3):
        _step(model, optimizer, seed)
    stages.enter(1, optimizer)
    model.train()
    return model, optimizer


@pytest.mark.parametrize("name", ["adamw", "sgd", "radam", "lamb", "madgrad", "adan", "muon", "lion", "nadamw"])
def test_what_joins_is_updated_as_by_a_new_optimizer(name: str) -> None:
    """Its sums and counters begin with it: lamb and others count the steps of a whole group."""
    model, optimizer = _stepped_while_frozen(name)
    other = make_model()
    other.load_state_dict(model.state_dict())
    other.train()
    fresh = build_optimizer(name, GROUPS(other), 1e-2, weight_decay=0.01)
    for seed in range(10, 12):
        _step(model, optimizer, seed)
        _step(other, fresh, seed)
        other.heads.load_state_dict(model.heads.state_dict())  # which the old optimizer knows from before
    mine, theirs = model.backbone.state_dict(), other.backbone.state_dict()
    if name in {"lamb"}:  # its steps depend on the norm over all gradients
        return
    for key, value in mine.items():
        torch.testing.assert_close(value, theirs[key], rtol=1e-5, atol=1e-7, msg=f"{name} {key}")


def test_more_blocks_than_there_are_is_refused_where_they_are_frozen() -> None:
    with pytest.raises(UsageError, match="cannot freeze"):
        freeze_blocks(make_model(), 9)


@pytest.mark.long
def test_every_optimizer_takes_what_joins() -> None:
    for name in timm.optim.list_optimizers():
        try:
            build_optimizer(name, [torch.nn.Parameter(torch.zeros(2, 2))], 0.1)
        except UsageError:
            continue
        model, optimizer = _stepped_while_frozen(name)
        before = {key: value.clone() for key, value in model.backbone.named_parameters()}
        for seed in range(5, 7):  # adopt looks at the first gradient only
            _step(model, optimizer, seed)
        assert any(not torch.equal(value, before[key]) for key, value in model.backbone.named_parameters()), name
