"""How long a model on all images is trained: as long as cross-validation found right, in epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from podium.recipe import Recipe

__all__ = ["refit_epochs"]


def refit_epochs(recipe: Recipe, trained: Sequence[Mapping[str, Any]]) -> int:
    """Epochs of a refit: the mean over the folds of the epochs behind the weights that predict.

    An epoch of all images has more steps than one of a fold's training part, by the ratio of their numbers, so the
    steps grow with the images. The schedule stays the recipe's; a refit of an early stop ends inside it, as the folds'
    models did.

    Args:
        recipe: The run's recipe.
        trained: What is kept with the weights of each fold's model.

    Example:
        >>> from podium.recipe import apply_overrides, quick
        >>> stopped = [{"epochs": 9, "best_epoch": 5}, {"epochs": 11, "best_epoch": 7}]
        >>> refit_epochs(apply_overrides(quick(), ["training.epochs=20", "training.select=best"]), stopped)
        7
        >>> refit_epochs(apply_overrides(quick(), ["training.epochs=20", "training.select=last"]), stopped)
        10
    """
    if recipe.is_solved:
        return 1
    lengths = [_length(recipe, about) for about in trained]
    return max(1, int(np.floor(np.mean(lengths) + 0.5)))


def _length(recipe: Recipe, about: Mapping[str, Any]) -> int:
    """Epochs behind a model's weights; all of them where no epoch had a score."""
    is_chosen = recipe.training.select == "best" and about["best_epoch"] >= 0
    return int(about["best_epoch"] + 1 if is_chosen else about["epochs"])
