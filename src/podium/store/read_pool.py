"""How a run's recipe pools the images of a bag, read without the recipe's types."""

from __future__ import annotations

from typing import Any

import yaml

from podium import durable
from podium.errors import CorruptFileError
from podium.store.ensemble_record import read_ensemble
from podium.store.plain_yaml import read_plain_yaml
from podium.store.run_folder import RunFolder

__all__ = ["USUAL_POOL", "read_pool"]

USUAL_POOL = "mean"


def read_pool(run: RunFolder) -> Any:
    """The recipe's pool, which may be one of a newer version; the mean where it names none.

    An ensemble has no recipe: its pool is the one that it was scored by.

    Raises:
        CorruptFileError: If the recipe cannot be read.
    """
    ensemble = read_ensemble(run)
    if ensemble is not None:
        return ensemble.pool or USUAL_POOL
    if not run.recipe_file.is_file():
        scores = durable.read_json(run.scores_file) if run.scores_file.is_file() else {}
        of_images = scores.get("of_images") if isinstance(scores, dict) else None
        return of_images["pool"] if isinstance(of_images, dict) else USUAL_POOL
    try:
        recipe = read_plain_yaml(durable.read_bytes(run.recipe_file))
    except yaml.YAMLError:
        raise CorruptFileError("this recipe cannot be read.", where=run.recipe_file, fix="Restore the file.") from None
    named = recipe.get("pool") if isinstance(recipe, dict) else None
    return named or USUAL_POOL
