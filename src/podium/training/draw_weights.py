"""How often each training image is drawn in an epoch, by the recipe's sampler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.data import balance_weights
from podium.recipe import Recipe
from podium.recipe.check_sampler import sampled_targets
from podium.tables import Task

__all__ = ["make_draw_weights"]

POWERS = {"balanced": 1.0, "square_root": 0.5}


def make_draw_weights(
    recipe: Recipe, whole: Task, part: Task, labels: Mapping[str, NDArray[np.integer[Any]]]
) -> NDArray[np.float64] | None:
    """Weights to draw by, shape (n,), mean 1; None where every image is shown once an epoch.

    With several targets they are the mean of each target's weights: a draw balances one of them, each as often.

    Args:
        recipe: The recipe.
        whole: All that is to be learnt.
        part: What the model learns.
        labels: Labels of the training rows of every target of `whole`.
    """
    power = POWERS.get(recipe.training.sampler)
    if power is None:
        return None
    names = sampled_targets(recipe, whole, part)
    weights = [balance_weights(labels[name], power=power) for name in names]
    return np.asarray(np.mean(weights, axis=0), dtype=np.float64)
