"""What mixes the images of a training's batches, by the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.data import Mixer, Mixing, Partners, PatchSwap
from podium.recipe import Recipe
from podium.recipe.check_mixing import partner_target
from podium.tables import Task

__all__ = ["make_mixer"]

Labels = Mapping[str, NDArray[np.integer[Any]]]


def make_mixer(recipe: Recipe, whole: Task, part: Task, labels: Labels) -> Mixer | None:
    """The mixer of a model's training; None where the recipe mixes nothing.

    Args:
        recipe: The recipe.
        whole: All that is to be learnt.
        part: What the model learns.
        labels: Labels of the training rows of every target of `whole`.
    """
    if not recipe.mixing:
        return None
    return Mixer(
        recipe.mixing,
        n_classes={head.name: head.n_classes for head in part.heads if not head.is_multi},
        partners=tuple(_make_partners(mixing, whole, part, labels) for mixing in recipe.mixing),
        n_epochs=recipe.training.epochs - recipe.training.unmixed_last_epochs,
    )


def _make_partners(mixing: Mixing, whole: Task, part: Task, labels: Labels) -> Partners | None:
    if isinstance(mixing, PatchSwap) or mixing.partner == "any":
        return None
    target = partner_target(mixing, whole, part)
    if mixing.partner == "same_class":
        return Partners.of_same_class(labels[target.name])
    named = np.array([target.classes.index(name) for name in mixing.partner_classes], dtype=np.int64)
    return Partners.of_rare_classes(labels[target.name], named if named.size else None)
