"""Out-of-fold predictions with the test-time views that a run predicts with since an audit chose them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from podium.predicting.mean_over_views import mean_over_views
from podium.predicting.predict_views import read_views
from podium.recipe import load_recipe
from podium.store import RunFolder, read_chosen_views, read_nested_views
from podium.tables import Predictions

__all__ = ["chosen_view_answers"]


def chosen_view_answers(run: RunFolder, oof: Predictions) -> Predictions | None:
    """A run's out-of-fold predictions, each fold's by the views that were chosen without it, so that no image judges
    views that it helped to choose.

    Args:
        run: A finished run with models of its own.
        oof: Its out-of-fold predictions; order, folds and origin of what is returned are theirs.

    Returns:
        The predictions; None where the run predicts with its recipe's views, or where predictions under a view are
        gone or are of other weights.
    """
    chosen, nested = read_chosen_views(run), read_nested_views(run)
    if chosen is None or not set(oof.fold.tolist()) <= set(nested):
        return None
    every = tuple(dict.fromkeys(view for views in nested.values() for view in views))
    found = read_views(run, every, stored_px=chosen.stored_px)
    if found is None or sorted(found[every[0]].ids.tolist()) != sorted(oof.ids.tolist()):
        return None
    arrangement = load_recipe(run.recipe_file).model.arrangement
    by_set = {views: mean_over_views(found, views, arrangement).align(oof.ids).probs for views in set(nested.values())}
    probs = {name: np.array(values) for name, values in oof.probs.items()}
    for fold in sorted(set(oof.fold.tolist())):
        rows = oof.fold == fold
        for name, values in probs.items():
            values[rows] = by_set[nested[fold]][name][rows]
    return replace(oof, probs=probs)
