"""A pool needs bags."""

from __future__ import annotations

from podium.advice import option
from podium.errors import RecipeError
from podium.recipe.recipe import Recipe
from podium.tables import Samples

__all__ = ["check_pool"]


def check_pool(recipe: Recipe, samples: Samples | None) -> None:
    """Refuse a pool where each image is answered by itself.

    Args:
        recipe: The recipe.
        samples: What is learnt; None of images in memory, which name no bags.

    Raises:
        RecipeError: If the recipe names a pool and there are no bags.
    """
    if recipe.pool is None or (samples is not None and samples.bag is not None):
        return
    if samples is None:
        raise RecipeError(
            f"pool={recipe.pool} has no effect: an ImageClassifier answers each image, as scikit-learn expects.",
            fix="Pool what predict_proba gives, or train with podium.train(answer_per=...), whose folds, scores and"
            " submission are of bags.",
        )
    raise RecipeError(
        f"pool={recipe.pool} has no effect: each image has an answer of its own.",
        fix=f"Leave it out, or name what one answer is for with {option('answer_per')}.",
    )
