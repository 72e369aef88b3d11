"""The heads that a recipe describes, fresh."""

from __future__ import annotations

from podium.models import LinearHeads
from podium.models.heads import Cosine
from podium.recipe.layer_spec import ArcFaceLayer
from podium.recipe.recipe import Recipe
from podium.tables import Task

__all__ = ["build_heads"]


def build_heads(recipe: Recipe, task: Task, n_features: int) -> LinearHeads:
    """One layer a head, drawn from torch's global generator.

    Args:
        recipe: A recipe.
        task: The heads of one model.
        n_features: Number of features that they take.
    """
    layers = {head.name: recipe.model.layer_of(head) for head in task.heads}
    cosine = {
        name: Cosine(n_centres=layer.centres, scale=layer.scale)
        for name, layer in layers.items()
        if isinstance(layer, ArcFaceLayer)
    }
    spec = recipe.model
    return LinearHeads(task, n_features, dropout=spec.drop_rate, ordinal=spec.ordinal, cosine=cosine)
