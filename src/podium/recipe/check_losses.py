"""Losses against what is to be learnt: names of heads and classes that do not exist, and losses for other heads."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence

from podium.decisions import find_parents
from podium.errors import LabelError, RecipeError, UnknownNameError, UsageError
from podium.recipe.loss_spec import ForMulti, ForSingle, HeadLoss, LossSpec, OwnLossSpec, parts_of
from podium.tables import Head

__all__ = ["check_losses"]


def check_losses(spec: LossSpec, heads: Sequence[Head]) -> None:
    """Raise where losses name what the heads do not have.

    Args:
        spec: The recipe's losses.
        heads: All heads that will be trained.

    Raises:
        UnknownNameError: If a head that is weighted or has its own loss, or a class that is weighted, does not exist.
        RecipeError: If a head's own loss is for another kind of head, a loss of the user's lacks an option, or parents
            fit no head.
        UsageError: If a loss of the user's is not registered.
    """
    _check_parents(spec, heads)
    names = [head.name for head in heads]
    for key, named in (("loss.head_weights", spec.head_weights), ("loss.heads", spec.heads)):
        for name in named:
            if name not in names:
                raise UnknownNameError("head", name, names, where=key)
    for head in heads:
        _check_own(spec.of(head), head)
        if head.name in spec.heads:
            _check_fits(spec.heads[head.name], head)
            _check_classes(spec.heads[head.name], [head], f"loss.heads.{head.name}")
    others = [head for head in heads if head.name not in spec.heads]
    _check_classes(spec.single, [head for head in others if not head.is_multi], "loss.single")
    _check_classes(spec.multi, [head for head in others if head.is_multi], "loss.multi")


def _check_parents(spec: LossSpec, heads: Sequence[Head]) -> None:
    if not spec.parents:
        return
    try:
        find_parents(spec.parents, heads)
    except (LabelError, UsageError) as error:
        raise RecipeError(
            f"loss.parents: {error.what}",
            fix="Give every class of a head with one class per image a parent, and some classes the same one.",
        ) from None


def _check_fits(loss: HeadLoss, head: Head) -> None:
    for _, part in parts_of(loss):
        if isinstance(part, ForSingle if head.is_multi else ForMulti):
            has, needs = ("several labels", "one class") if head.is_multi else ("one class", "several labels")
            instead = "binary_cross_entropy, binary_focal or asymmetric" if head.is_multi else "cross_entropy or focal"
            raise RecipeError(
                f"loss.heads.{head.name}: head {head.name!r} has {has} per image, and {part.kind} needs {needs}.",
                fix=f"Use {instead}.",
            )


def _check_own(loss: HeadLoss, head: Head) -> None:
    """A loss of the user's must be registered, for this kind of head, and take the options it is given."""
    for _, part in parts_of(loss):
        if not isinstance(part, OwnLossSpec):
            continue
        from podium.losses import own_loss, own_loss_kinds  # they import torch

        kinds = own_loss_kinds(part.name)
        if ("multi" if head.is_multi else "single") not in kinds:
            raise RecipeError(
                f"loss {part.name!r} is registered for kinds {', '.join(kinds)}, and head {head.name!r} is of another.",
                fix="Register it with the kind of head that it fits, or choose another loss for this head.",
            )
        try:
            inspect.signature(own_loss(part.name)).bind(None, None, None, **part.options)
        except TypeError as error:
            raise RecipeError(
                f"loss {part.name!r} cannot be called as fn(logits, target, weight, **options): {error}.",
                fix="Correct the options of the loss, or the function.",
            ) from error


def _check_classes(loss: HeadLoss, heads: Sequence[Head], key: str) -> None:
    """Every class that is weighted must be one of these heads'; without heads the loss is idle, which others refuse."""
    known = list(dict.fromkeys(name for head in heads for name in head.classes))
    for name, weights in _given_weights(loss):
        for class_name in weights if heads else ():
            if class_name not in known:
                raise UnknownNameError("class", class_name, known, where=f"{key}.{name}")


def _given_weights(loss: HeadLoss) -> Iterator[tuple[str, Mapping[str, float]]]:
    for _, part in parts_of(loss):
        for name in ("class_weights", "positive_weights"):
            weights = getattr(part, name, None)
            if isinstance(weights, Mapping):
                yield name, weights
