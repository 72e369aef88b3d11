from __future__ import annotations

from typing import Any

import pytest
import timm
import torch

from podium.errors import UnknownNameError, UsageError
from podium.optim import build_optimizer
from podium.optim.optimizers import takes

REFERENCES: dict[str, Any] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01, momentum=0.9, nesterov=True),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.01),
    "radam": lambda p: torch.optim.RAdam(p, lr=0.1, weight_decay=0.01),
    "madgrad": lambda p: timm.optim.get_optimizer_class("madgrad", bind_defaults=False)(
        p, lr=0.1, weight_decay=0.01, momentum=0.9
    ),
}


def descend(build: Any, n_steps: int = 5) -> torch.Tensor:
    """Where some steps on a bowl with unequal slopes end."""
    point = torch.nn.Parameter(torch.tensor([1.0, -2.0, 3.0]))
    optimizer = build([{"params": [point]}])
    for _ in range(n_steps):
        optimizer.zero_grad()
        (torch.tensor([1.0, 2.0, 0.5]) * point.square()).sum().backward()
        optimizer.step()
    return point.detach()


@pytest.mark.parametrize("name", REFERENCES)
def test_steps_equal_the_reference(name: str) -> None:
    mine = descend(lambda groups: build_optimizer(name, groups, 0.1, weight_decay=0.01))
    torch.testing.assert_close(mine, descend(REFERENCES[name]))


@pytest.mark.parametrize("name", ["lamb", "lion", "nadamw", "adabelief", "rmsprop"])
def test_others_that_timm_lists(name: str) -> None:
    assert torch.isfinite(descend(lambda groups: build_optimizer(name, groups, 0.01))).all()


def test_a_groups_own_values_come_first() -> None:
    groups = [
        {"params": [torch.nn.Parameter(torch.zeros(1))], "name": "backbone", "lr": 0.01, "initial_lr": 0.01},
        {"params": [torch.nn.Parameter(torch.zeros(1))], "name": "heads", "weight_decay": 0.0},
    ]
    optimizer = build_optimizer("adamw", groups, 0.1, weight_decay=0.05)
    found = [(g["name"], g["lr"], g["initial_lr"], g["weight_decay"]) for g in optimizer.param_groups]
    assert found == [("backbone", 0.01, 0.01, 0.05), ("heads", 0.1, 0.1, 0.0)]
    assert "weight_decay" not in groups[0], "the caller's groups were changed"


def test_unknown_name_says_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="adamw"):
        build_optimizer("adamww", [torch.nn.Parameter(torch.zeros(1))], 0.1)


def test_nothing_to_optimise_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="cannot be built"):
        build_optimizer("adamw", [], 0.1)


TUNED: dict[str, tuple[dict[str, Any], Any]] = {
    "adamw": (
        {"betas": (0.8, 0.9), "eps": 1e-3},
        lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.01, betas=(0.8, 0.9), eps=1e-3),
    ),
    "radam": ({"betas": (0.8, 0.9)}, lambda p: torch.optim.RAdam(p, lr=0.1, weight_decay=0.01, betas=(0.8, 0.9))),
    "sgd": (
        {"momentum": 0.5, "nesterov": False},
        lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01, momentum=0.5),
    ),
    "momentum": (
        {"nesterov": True},
        lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01, momentum=0.9, nesterov=True),
    ),
    "madgrad": (
        {"momentum": 0.5, "eps": 1e-2},
        lambda p: timm.optim.get_optimizer_class("madgrad", bind_defaults=False)(
            p, lr=0.1, weight_decay=0.01, momentum=0.5, eps=1e-2
        ),
    ),
    "adan": (
        {"betas": (0.9, 0.8, 0.7)},
        lambda p: timm.optim.get_optimizer_class("adan")(p, lr=0.1, weight_decay=0.01, betas=(0.9, 0.8, 0.7)),
    ),
}


@pytest.mark.parametrize("name", TUNED)
def test_tuned_steps_equal_the_reference(name: str) -> None:
    options, reference = TUNED[name]
    mine = descend(lambda groups: build_optimizer(name, groups, 0.1, weight_decay=0.01, **options))
    torch.testing.assert_close(mine, descend(reference))


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("adamw", {"momentum": 0.8}, "takes no momentum, got 0.8"),
        ("sgd", {"betas": (0.9, 0.99)}, "takes no betas"),
        ("lion", {"eps": 1e-8}, "takes no eps"),
        ("adamw", {"nesterov": True}, "takes no nesterov"),
        ("adan", {"betas": (0.9, 0.99)}, "takes 3 betas, got 2"),
        ("adamw", {"betas": (0.9, 0.99, 0.9)}, "takes 2 betas, got 3"),
    ],
)
def test_what_an_optimizer_does_not_take_is_refused(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        build_optimizer(name, [torch.nn.Parameter(torch.zeros(1))], 0.1, **options)


@pytest.mark.parametrize("argument", ["momentum", "betas", "eps", "nesterov"])
def test_what_an_optimizer_takes_reaches_it(argument: str) -> None:
    """For every optimizer of timm that can be built here: the argument is refused, or stands in the groups."""
    for name in timm.optim.list_optimizers():
        weight = torch.nn.Parameter(torch.ones(2, 2))
        try:
            build_optimizer(name, [weight], 0.1)
        except UsageError:
            continue
        n_betas = 3 if "adan" in name else 2
        value = {"momentum": 0.7, "betas": (0.7, 0.8, 0.85)[:n_betas], "eps": 1e-3, "nesterov": False}[argument]
        if not takes(name, argument):
            with pytest.raises(UsageError, match=f"takes no {argument}"):
                build_optimizer(name, [weight], 0.1, **{argument: value})
            continue
        group = build_optimizer(name, [weight], 0.1, **{argument: value}).param_groups[0]
        if argument == "betas" and "betas" not in group:
            assert value[0] in (group.get("beta1"), group.get("momentum"))
        elif argument in group:
            assert group[argument] == value
