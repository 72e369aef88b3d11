"""The heads that a recipe describes, fresh."""

from __future__ import annotations

from torch import nn

from podium.linear import NearestLayer
from podium.models import CosineLayer, LinearHeads
from podium.recipe.head_spec import NearestHead
from podium.recipe.layer_spec import ArcFaceLayer
from podium.recipe.recipe import Recipe
from podium.tables import Head, Task

__all__ = ["build_heads"]


def build_heads(recipe: Recipe, task: Task, n_features: int) -> LinearHeads:
    """One layer a head, drawn from torch's global generator.

    Args:
        recipe: A recipe.
        task: The heads of one model.
        n_features: Number of features that they take.
    """
    found = {head.name: _make_layer(recipe, head, n_features) for head in task.heads}
    layers = {name: layer for name, layer in found.items() if layer is not None}
    spec = recipe.model
    nearest = {
        head.name: NearestLayer(n_features, head.n_classes)
        for head in task.heads
        if spec.nearest is not None and not head.is_multi
    }
    return LinearHeads(task, n_features, dropout=spec.drop_rate, ordinal=spec.ordinal, layers=layers, nearest=nearest)


def _make_layer(recipe: Recipe, head: Head, n_features: int) -> nn.Module | None:
    """The layer of a head; None where it is that of every head of its kind."""
    if recipe.is_solved and isinstance(recipe.head, NearestHead):
        return NearestLayer(n_features, head.n_classes, is_multi=head.is_multi)
    layer = recipe.model.layer_of(head)
    if isinstance(layer, ArcFaceLayer):
        return CosineLayer(n_features, head.n_classes, n_centres=layer.centres, scale=layer.scale)
    return None
