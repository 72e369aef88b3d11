"""The views that a run predicts with: those that somebody names, else those that it chose, else its recipe's."""

from __future__ import annotations

from collections.abc import Sequence

from podium.recipe import load_recipe
from podium.recipe.view_detail import shows_detail
from podium.store import ChosenViews, RunFolder, read_chosen_views

__all__ = ["asked_views"]


def asked_views(run: RunFolder, views: Sequence[str] | None) -> ChosenViews:
    """Views, and the decoded images that they are cut from.

    Views that are named see the images as the recipe stores them, or where these are too small for them, the larger
    ones that an audit of the run chose.

    Args:
        run: A run with models of its own.
        views: Known views; None takes those of the run.

    Raises:
        CorruptFileError: If tta.json is damaged.
    """
    own = read_chosen_views(run) or ChosenViews(())
    if not views:
        return own
    is_enough = own.stored_px is None or shows_detail(views, load_recipe(run.recipe_file).image)
    return ChosenViews(tuple(views), None if is_enough else own.stored_px)
