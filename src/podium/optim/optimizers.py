"""Optimizers by name: torch's and all of timm's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import timm.optim
from torch import nn
from torch.optim import Optimizer

from podium.errors import UnknownNameError, UsageError

__all__ = ["build_optimizer", "takes_momentum"]

USUAL_MOMENTUM = 0.9
_FUSED = frozenset(["adam", "adamw", "sgd", "momentum"])
"""torch's own, whose step is one kernel: a third of the time of one kernel an operation, on a CPU too."""


def build_optimizer(
    name: str,
    groups: Sequence[dict[str, Any]] | Iterable[nn.Parameter],
    lr: float,
    *,
    weight_decay: float = 0.0,
    momentum: float | None = None,
) -> Optimizer:
    """An optimizer by its timm name: "sgd", "adam", "adamw", "radam", "madgrad" and all others timm lists.

    Note that timm's "sgd" is with Nesterov momentum; "momentum" is the plain one. "adam" adds the weight decay to
    the gradient, "adamw" shrinks the weights by it.

    Args:
        name: A name from `timm.optim.list_optimizers()`.
        groups: Parameter groups, such as those of `podium.models.parameter_groups`, or parameters. A group's own
            "lr" and "weight_decay" come before the arguments.
        lr: Learning rate of groups that name none.
        weight_decay: Weight decay of groups that name none.
        momentum: Momentum, for the optimizers that have one; None takes 0.9 there.

    Returns:
        The optimizer. Every group has an "initial_lr", the peak that a schedule's factor multiplies.

    Raises:
        UnknownNameError: If timm has no optimizer of that name.
        UsageError: If it has no momentum and one is given, it needs more than gradients, or it cannot be built here,
            for instance for want of another package or of a CUDA device.
    """
    known = timm.optim.list_optimizers()
    if name not in known:
        raise UnknownNameError("optimizer", name, known, where="optimizer.name")
    _refuse_what_cannot_train(name)
    if momentum is not None and not takes_momentum(name):
        raise UsageError(f"optimizer {name!r} takes no momentum, got {momentum}.")
    try:
        optimizer: Optimizer = timm.optim.create_optimizer_v2(
            [dict(group) if isinstance(group, dict) else group for group in groups],
            opt=name,
            lr=lr,
            weight_decay=weight_decay,
            momentum=USUAL_MOMENTUM if momentum is None else momentum,
            filter_bias_and_bn=False,
            **({"fused": True} if name in _FUSED else {}),
        )
    except (ImportError, AssertionError, RuntimeError, TypeError, ValueError) as error:
        raise UsageError(f"optimizer {name!r} cannot be built: {error}") from error
    for group in optimizer.param_groups:
        group.setdefault("initial_lr", group["lr"])
    return optimizer


def _refuse_what_cannot_train(name: str) -> None:
    info = timm.optim.get_optimizer_info(name)
    problem = None
    if info.second_order:
        problem = "needs second derivatives of the loss, which training does not compute"
    elif name.startswith("kron"):
        problem = "does not go on exactly from its saved state, so that a resumed run would differ"
    if problem is not None:
        raise UsageError(f"optimizer {name!r} {problem}.", fix="Use another one, such as adamw, sgd or lamb.")


def takes_momentum(name: str) -> bool:
    """Whether the optimizer of that name has a momentum; a name that nobody knows is not judged."""
    if name not in timm.optim.list_optimizers():
        return True
    return bool(timm.optim.get_optimizer_info(name).has_momentum)
