"""How long a run takes, and how many epochs fit into a time: pure functions of its size and measured speeds."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from podium.listing import count_of
from podium.recipe import Recipe
from podium.tables import Folds
from podium.training.train_sample import train_sample_size

__all__ = ["Speeds", "Work", "count_work", "duration_words", "forecast_seconds", "plan_epochs"]

MARGIN = 0.9
"""Share of the time that is planned: machines are not equally fast all the time."""
SCORING_S, SCORING_S_PER_SAMPLE = 3.0, 1e-3
"""Scores, intervals and report at the end."""


@dataclass(frozen=True)
class Speeds:
    """Seconds that the pieces of a run take.

    Args:
        frozen_s: One image in one view through the frozen part of the network.
        train_s: One image in a training step: made, forward, backward, optimizer.
        eval_s: One image in an evaluation.
        start_s: A training until its first step; of solved heads, all but the judging.
    """

    frozen_s: float
    train_s: float
    eval_s: float
    start_s: float = 0.0

    def to_dict(self) -> dict[str, float]:
        """JSON-ready, to six digits."""
        return {name: float(f"{value:.6g}") for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Work:
    """What a run computes.

    Args:
        n_images: Images that pass through the frozen part.
        trainings: Samples to train on and to validate on, of every training.
        plain_views: Views in which each image passes through the frozen part, however long the training.
        cached_views: Most augmented views beside them, one an epoch.
        predict_views: Views of the prediction at the end of a training.
        probed: Whether every training first sees its samples once, for the start of its heads.
        is_solved: Whether heads are solved, and there are no epochs.
        processes: Processes among which the trainings are divided.
    """

    n_images: int
    trainings: tuple[tuple[int, int], ...]
    plain_views: int
    cached_views: int
    predict_views: int
    probed: bool = False
    is_solved: bool = False
    processes: int = 1

    def of_first(self, n: int) -> Work:
        """The same with its first n trainings only."""
        return Work(**vars(self) | {"trainings": self.trainings[:n]})


def count_work(
    recipe: Recipe, folds: Folds, chosen: Sequence[int], *, most_views: int, n_models: int = 1, processes: int = 1
) -> Work:
    """What a run of a resolved recipe computes.

    Args:
        recipe: The recipe.
        folds: Its folds.
        chosen: Folds to train.
        most_views: Most cached views of an image, whatever the number of epochs; 0 caches none.
        n_models: Models a fold.
        processes: Processes that train them.
    """
    sizes = [(len(folds.train_rows(fold)), len(folds.valid_rows(fold))) for fold in chosen for _ in range(n_models)]
    is_frozen, n_predict = recipe.model.freeze == "backbone", len(recipe.predict_views)
    plain = len(recipe.feature_views) if is_frozen else n_predict if most_views else 0
    return Work(
        n_images=len(folds),
        trainings=tuple(sizes),
        plain_views=plain,
        cached_views=0 if is_frozen else most_views,
        predict_views=n_predict,
        probed=recipe.model.head_start == "probe" and not is_frozen,
        is_solved=recipe.is_solved,
        processes=min(processes, max(len(sizes), 1)),
    )


def forecast_seconds(work: Work, speeds: Speeds, epochs: int) -> float:
    """Seconds of a run from the first frozen pass to the report.

    Example:
        >>> work = Work(100, ((80, 20),) * 5, plain_views=1, cached_views=2, predict_views=1)
        >>> forecast_seconds(work, Speeds(frozen_s=0.01, train_s=0.1, eval_s=0.02), epochs=3)
        143.7
    """
    frozen = speeds.frozen_s * work.n_images * (work.plain_views + min(epochs, work.cached_views))
    seconds = [_training_seconds(work, speeds, epochs, *sizes) for sizes in work.trainings]
    rounds = math.ceil(len(seconds) / work.processes) / max(len(seconds), 1)
    scoring = SCORING_S + SCORING_S_PER_SAMPLE * work.n_images
    return round(frozen + rounds * sum(seconds) + scoring, 6)


def _training_seconds(work: Work, speeds: Speeds, epochs: int, n_train: int, n_valid: int) -> float:
    n_passes = 1 if work.is_solved else epochs
    seen = n_train if work.probed else 0
    judged = n_valid * (n_passes + work.predict_views) + n_passes * train_sample_size(n_train) + seen
    return speeds.start_s + n_passes * n_train * speeds.train_s + judged * speeds.eval_s


def plan_epochs(work: Work, speeds: Speeds, seconds: float, *, most: int) -> int:
    """Most epochs, at most `most`, of which all trainings end in time with a tenth to spare; 0 where not one fits.

    Example:
        >>> work = Work(100, ((80, 20),) * 5, plain_views=1, cached_views=0, predict_views=1)
        >>> speeds = Speeds(frozen_s=0.01, train_s=0.1, eval_s=0.02)
        >>> [plan_epochs(work, speeds, seconds, most=10) for seconds in (30, 120, 9999)]
        [0, 2, 10]
    """
    return bisect_right(range(1, most + 1), MARGIN * seconds, key=lambda n: forecast_seconds(work, speeds, n))


def duration_words(seconds: float) -> str:
    """A duration as people say it.

    Example:
        >>> [duration_words(value) for value in (7, 44, 100, 1000, 9000)]
        ['10 seconds', '40 seconds', '2 minutes', '17 minutes', '2.5 hours']
    """
    if seconds < 55:
        return f"{max(10, 10 * round(seconds / 10))} seconds"
    if seconds < 5400:
        minutes = max(1, round(seconds / 60))
        return count_of(minutes, "minute")
    return f"{np.round(seconds / 3600, 1):g} hours"
