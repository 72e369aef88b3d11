"""Layers of heads against what is to be learnt: names that do not exist, and cosines for heads that have none."""

from __future__ import annotations

from collections.abc import Sequence

from podium.errors import RecipeError, UnknownNameError
from podium.recipe.model_spec import ModelSpec
from podium.tables import Head

__all__ = ["check_layers"]


def check_layers(spec: ModelSpec, heads: Sequence[Head]) -> None:
    """Raise where `model.layers` names what the heads do not have.

    Args:
        spec: The recipe's model.
        heads: All heads that will be trained.

    Raises:
        UnknownNameError: If there is no such head.
        RecipeError: If the head is not one with one class per image.
    """
    kinds = {head.name: head.kind for head in heads}
    for name, layer in spec.layers.items():
        if name not in kinds:
            raise UnknownNameError("head", name, list(kinds), where="model.layers")
        if kinds[name] != "single":
            has = "several labels per image" if kinds[name] == "multi" else "ordered classes"
            raise RecipeError(
                f"model.layers.{name}: head {name!r} has {has}, and {layer.kind} is for one class per image, without an"
                " order.",
                fix="Leave this head out of model.layers.",
            )
