"""Losses against what is to be learnt: names of heads and classes that do not exist, and losses for other heads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from podium.errors import RecipeError, UnknownNameError
from podium.recipe.loss_spec import ForMulti, ForSingle, HeadLoss, LossSpec, parts_of
from podium.tables import Head

__all__ = ["check_losses"]


def check_losses(spec: LossSpec, heads: Sequence[Head]) -> None:
    """Raise where losses name what the heads do not have.

    Args:
        spec: The recipe's losses.
        heads: All heads that will be trained.

    Raises:
        UnknownNameError: If a head that is weighted or has its own loss, or a class that is weighted, does not exist.
        RecipeError: If a head's own loss is for another kind of head.
    """
    names = [head.name for head in heads]
    for key, named in (("loss.head_weights", spec.head_weights), ("loss.heads", spec.heads)):
        for name in named:
            if name not in names:
                raise UnknownNameError("head", name, names, where=key)
    for head in heads:
        if head.name in spec.heads:
            _check_fits(spec.heads[head.name], head)
            _check_classes(spec.heads[head.name], [head], f"loss.heads.{head.name}")
    others = [head for head in heads if head.name not in spec.heads]
    _check_classes(spec.single, [head for head in others if not head.is_multi], "loss.single")
    _check_classes(spec.multi, [head for head in others if head.is_multi], "loss.multi")


def _check_fits(loss: HeadLoss, head: Head) -> None:
    for _, part in parts_of(loss):
        if isinstance(part, ForSingle if head.is_multi else ForMulti):
            has, needs = ("several labels", "one class") if head.is_multi else ("one class", "several labels")
            instead = "binary_cross_entropy, binary_focal or asymmetric" if head.is_multi else "cross_entropy or focal"
            raise RecipeError(
                f"loss.heads.{head.name}: head {head.name!r} has {has} per image, and {part.kind} needs {needs}.",
                fix=f"Use {instead}.",
            )


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
