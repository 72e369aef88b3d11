"""A run whose out-of-fold predictions are scored, with what another look at it needs."""

from __future__ import annotations

from dataclasses import dataclass

from podium.machine import Progress, Settings
from podium.metrics import Scores
from podium.stopping import StopRequest
from podium.store import RunFolder
from podium.tables import Folds, Predictions, Samples

__all__ = ["ScoredRun"]


@dataclass(frozen=True, eq=False)
class ScoredRun:
    """What looks at a scored run share.

    Args:
        run: The run folder.
        samples: Its samples.
        folds: Its folds, in the same order.
        oof: Its out-of-fold predictions.
        scores: Their scores.
        settings: Machine and places.
        progress: Receives progress and notes.
        stop: Asked before every batch, and between two candidates of a head.
    """

    run: RunFolder
    samples: Samples
    folds: Folds
    oof: Predictions
    scores: Scores
    settings: Settings
    progress: Progress
    stop: StopRequest
