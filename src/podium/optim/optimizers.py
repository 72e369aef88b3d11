"""Optimizers by name: torch's and all of timm's."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import timm.optim
from torch import nn
from torch.optim import Optimizer

from podium.errors import UnknownNameError, UsageError
from podium.listing import count_of

__all__ = ["build_optimizer", "takes"]

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
    betas: Sequence[float] | None = None,
    eps: float | None = None,
    nesterov: bool | None = None,
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
        betas: Decays of the running means, for the optimizers that have such; None takes the optimizer's own.
        eps: What is added to the divisor; None takes the optimizer's own.
        nesterov: Whether momentum looks ahead; None takes what the name says.

    Returns:
        The optimizer. Every group has an "initial_lr", the peak that a schedule's factor multiplies.

    Raises:
        UnknownNameError: If timm has no optimizer of that name.
        UsageError: If it does not take an argument that is given, it needs more than gradients, or it cannot be built
            here, for instance for want of another package or of a CUDA device.
    """
    known = timm.optim.list_optimizers()
    if name not in known:
        raise UnknownNameError("optimizer", name, known, where="optimizer.name")
    _refuse_what_cannot_train(name)
    given = {"momentum": momentum, "betas": betas, "eps": eps, "nesterov": nesterov}
    options = {argument: value for argument, value in given.items() if value is not None}
    _refuse_what_it_does_not_take(name, options)
    options.setdefault("momentum", USUAL_MOMENTUM)
    try:
        optimizer: Optimizer = timm.optim.create_optimizer_v2(
            [dict(group) if isinstance(group, dict) else group for group in groups],
            opt=name,
            lr=lr,
            weight_decay=weight_decay,
            filter_bias_and_bn=False,
            **options,
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


def _refuse_what_it_does_not_take(name: str, options: Mapping[str, Any]) -> None:
    for argument, value in options.items():
        if not takes(name, argument):
            raise UsageError(f"optimizer {name!r} takes no {argument}, got {value}.")
    own = _defaults_of(name).get("betas")
    if "betas" in options and own is not None and len(own) != len(options["betas"]):
        raise UsageError(
            f"optimizer {name!r} takes {count_of(len(own), 'beta')}, got {len(options['betas'])}.",
            field="optimizer.betas",
            fix=f"Its own are {list(own)}.",
        )


def takes(name: str, argument: str) -> bool:
    """Whether the optimizer of that name takes "momentum", "betas", "eps" or "nesterov".

    A name that nobody knows, or whose package is not installed, is not judged by its signature.
    """
    if name not in timm.optim.list_optimizers():
        return True
    info = timm.optim.get_optimizer_info(name)
    known = {"momentum": info.has_momentum, "betas": info.has_betas, "eps": info.has_eps}
    if not known.get(argument, True):
        return False
    return isinstance(info.opt_class, str) or argument in inspect.signature(info.opt_class).parameters


def _defaults_of(name: str) -> dict[str, Any]:
    """The defaults of its arguments, those that timm sets for the name included."""
    info = timm.optim.get_optimizer_info(name)
    if isinstance(info.opt_class, str):
        return dict(info.defaults or {})
    parameters = inspect.signature(info.opt_class).parameters.values()
    return {item.name: item.default for item in parameters} | (info.defaults or {})
