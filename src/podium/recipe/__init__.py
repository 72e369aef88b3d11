"""The composition root: a typed recipe, presets, overrides, and the one build that knows every part by name."""

from typing import TYPE_CHECKING

from podium.lazy import on_demand
from podium.recipe.arrangement import ALL_HEADS, arrange
from podium.recipe.known_keys import recipe_keys
from podium.recipe.overrides import (
    Overrides,
    apply_overrides,
    load_recipe,
    override_keys,
    parse_recipe,
    save_recipe,
    write_recipe_text,
)
from podium.recipe.presets import PRESETS, baseline, find_preset, finetune, quick
from podium.recipe.recipe import Recipe
from podium.recipe.resolve import resolve_recipe, resolve_sizes, resolve_statistics

if TYPE_CHECKING:
    from podium.recipe.build import (
        build_backbone_of,
        build_model,
        build_parts,
        check_buildable,
        normalise_as,
        settle_features,
    )
    from podium.recipe.build_losses import build_objective, make_label_weights
    from podium.recipe.build_schedules import build_schedule
else:  # it imports torch and timm, which reading a recipe does not need
    __getattr__ = on_demand(
        __name__,
        {
            "podium.recipe.build": [
                "build_backbone_of",
                "build_model",
                "build_parts",
                "check_buildable",
                "normalise_as",
                "settle_features",
            ],
            "podium.recipe.build_losses": ["build_objective", "make_label_weights"],
            "podium.recipe.build_schedules": ["build_schedule"],
        },
    )

__all__ = [
    "ALL_HEADS",
    "PRESETS",
    "Overrides",
    "Recipe",
    "apply_overrides",
    "arrange",
    "baseline",
    "build_backbone_of",
    "build_model",
    "build_objective",
    "build_parts",
    "build_schedule",
    "check_buildable",
    "find_preset",
    "finetune",
    "load_recipe",
    "make_label_weights",
    "normalise_as",
    "override_keys",
    "parse_recipe",
    "quick",
    "recipe_keys",
    "resolve_recipe",
    "resolve_sizes",
    "resolve_statistics",
    "save_recipe",
    "settle_features",
    "write_recipe_text",
]
