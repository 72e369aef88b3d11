"""Predictions of the mean over some test-time views, from those under each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from podium.decisions import complete_probs
from podium.recipe.arrangement import arrange
from podium.tables import Predictions

__all__ = ["mean_over_views"]


def mean_over_views(by_view: Mapping[str, Predictions], views: Sequence[str], arrangement: str) -> Predictions:
    """Predictions as a predictor makes them: heads that were trained are averaged over views, other targets follow.

    Args:
        by_view: Predictions of the same images in the same order, by view.
        views: At least one of these views.
        arrangement: How the run arranges its heads, which tells those that were trained.
    """
    first = by_view[views[0]]
    trained = [head.name for part in arrange(first.task, arrangement).values() for head in part.heads]
    parts = [by_view[view].probs for view in views]
    probs = {name: np.mean([part[name] for part in parts], axis=0) for name in trained}
    return replace(first, probs=complete_probs(probs, first.task), origins=())
