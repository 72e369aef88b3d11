"""Recipes that several processes cannot train step by step together, told before anything is read."""

from __future__ import annotations

from podium.advice import option
from podium.errors import RecipeError
from podium.recipe.recipe import Recipe

__all__ = ["refuse_in_team", "without_compiling"]


def refuse_in_team(recipe: Recipe, n_processes: int) -> None:
    """Raise where a recipe gives a team nothing to share.

    Args:
        recipe: The recipe, "auto" allowed.
        n_processes: Processes of the team.

    Raises:
        RecipeError: If it trains heads on features, compiles its steps, or has fewer samples in a step than processes.
    """
    training = recipe.training
    if recipe.model.freeze == "backbone" or recipe.is_solved:
        raise RecipeError(
            f"model.freeze=backbone trains heads on features, which a team of {n_processes} would only slow down.",
            fix=f"Leave torchrun out ({option('processes')} trains several folds at once), or train the network: "
            f"preset finetune or strong.",
        )
    if training.compile == "inductor":
        raise RecipeError(
            "training.compile=inductor compiles the steps of one process, and batch norm of several needs others.",
            fix="Use training.compile=none under torchrun.",
        )
    size = min(training.batch_size, training.micro_batch or training.batch_size)
    if size < n_processes:
        key = "batch_size" if size == training.batch_size else "micro_batch"
        raise RecipeError(
            f"training.{key}={size} are fewer images than the team of torchrun has ({n_processes}).",
            fix=f"Use training.{key}={n_processes} or more (they are dealt among the processes), or fewer processes.",
        )


def without_compiling(recipe: Recipe) -> Recipe:
    """With plain steps where the recipe leaves it open."""
    if recipe.training.compile != "auto":
        return recipe
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"compile": "none"})})
