"""Test-time views chosen by what they do to the out-of-fold score, and what such a choice is worth on other rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics import Metric, PairedDifference, paired_differences
from podium.metrics import score as score_of
from podium.tables import Head

__all__ = ["JudgedViews", "ViewChoice", "choose_views", "nested_probs", "score_views"]

Ask = Callable[[tuple[str, ...]], NDArray[np.floating[Any]]]


@dataclass(frozen=True, eq=False)
class JudgedViews:
    """Answers that are judged.

    Args:
        ask: Gives the out-of-fold probabilities of the mean over some views, shape (N, C).
        labels: Labels, shape (N,), or (N, C) for a multi-label head; -1 is missing.
        groups: Group of every row, shape (N,).
        fold: Fold of every row, which divides no group, shape (N,).
        metric: What is to be lifted.
        head: The target.
    """

    ask: Ask
    labels: NDArray[np.integer[Any]]
    groups: NDArray[np.object_]
    fold: NDArray[np.int64]
    metric: Metric
    head: Head

    def differences(
        self,
        before: tuple[str, ...],
        after: Sequence[tuple[str, ...]],
        rows: NDArray[np.bool_],
        *,
        level: float,
        n_resamples: int,
    ) -> list[PairedDifference]:
        """What each of several sets of views does in place of one, on some rows; all intervals hold together."""
        probs = [np.asarray(self.ask(views))[rows] for views in (before, *after)]
        labels, groups = self.labels[rows], self.groups[rows]
        return paired_differences(
            probs[0], probs[1:], labels, groups, self.metric, self.head, level=level, n_resamples=n_resamples
        )


@dataclass(frozen=True)
class ViewChoice:
    """A set of views.

    Args:
        views: Chosen on all rows.
        by_fold: Chosen on the rows outside of each fold.
    """

    views: tuple[str, ...]
    by_fold: Mapping[int, tuple[str, ...]]


def choose_views(
    judged: JudgedViews,
    start: tuple[str, ...],
    candidates: Sequence[str],
    *,
    level: float = 0.9,
    n_resamples: int = 500,
) -> ViewChoice:
    """Take up views, or drop them, one after the other, as long as that clearly helps.

    A step is the best of all views that could be taken up and all that could be dropped, and it is made only where its
    paired interval, which counts how many were tried, is above 0. The same is done without each fold's rows.

    Args:
        judged: What is judged.
        start: The views to begin with.
        candidates: Others.
        level: Of the intervals.
        n_resamples: Resamples of groups a step.
    """

    def choose(rows: NDArray[np.bool_]) -> tuple[str, ...]:
        return _choose(judged, start, candidates, rows, level=level, n_resamples=n_resamples)

    everything = np.ones(len(judged.fold), dtype=bool)
    folds = sorted(set(judged.fold.tolist()))
    by_fold = {fold: choose(judged.fold != fold) for fold in folds} if len(folds) > 1 else {}
    return ViewChoice(choose(everything), by_fold)


def nested_probs(judged: JudgedViews, choice: ViewChoice) -> NDArray[np.floating[Any]]:
    """Each fold's probabilities by the views that were chosen without it, shape (N, C)."""
    probs = np.array(judged.ask(choice.views), dtype=np.float64)
    for fold, views in choice.by_fold.items():
        rows = judged.fold == fold
        probs[rows] = np.asarray(judged.ask(views))[rows]
    return probs


def _choose(
    judged: JudgedViews,
    start: tuple[str, ...],
    candidates: Sequence[str],
    rows: NDArray[np.bool_],
    *,
    level: float,
    n_resamples: int,
) -> tuple[str, ...]:
    chosen = start
    seen = {start}
    while True:
        moves = [move for move in _moves(chosen, candidates) if move not in seen]
        if not moves:
            return chosen
        found = judged.differences(chosen, moves, rows, level=level, n_resamples=n_resamples)
        sign = 1.0 if judged.metric.greater_is_better else -1.0
        gains = [sign * one.difference.value if one.verdict == "helps" else -np.inf for one in found]
        best = int(np.argmax(gains))
        if not gains[best] > 0:
            return chosen
        chosen = moves[best]
        seen.add(chosen)


def _moves(chosen: tuple[str, ...], candidates: Sequence[str]) -> list[tuple[str, ...]]:
    """Sets with a view more or less."""
    more = [(*chosen, view) for view in candidates if view not in chosen]
    less = [tuple(view for view in chosen if view != gone) for gone in chosen] if len(chosen) > 1 else []
    return more + less


def score_views(judged: JudgedViews, views: tuple[str, ...]) -> float:
    """The score of the mean over some views."""
    return score_of(judged.metric, judged.ask(views), judged.labels, judged.head)
