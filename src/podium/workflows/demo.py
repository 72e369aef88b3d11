"""The whole job on data that Podium ships or makes, and what a contest would not tell: how the test really went."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.curate import ScanOptions
from podium.demo import DemoData, prepare
from podium.machine import Progress, Settings, default_progress
from podium.metrics import score
from podium.submission import SubmissionRecord, match_ids
from podium.tables import Head, Predictions, load_predictions
from podium.workflows.run import Run
from podium.workflows.submit import submit_run
from podium.workflows.train_and_resume import train

__all__ = ["DemoResult", "run_demo"]


@dataclass(frozen=True)
class DemoResult:
    """What a demo gave.

    Args:
        data: Where its data are.
        run: The finished run.
        submission: The submission written.
        fold_score: Mean over the folds' models of each one's score on the test set, by the run's main metric: what the
            out-of-fold score and its interval speak of.
        test_score: Score of the submission, the mean of all folds: usually better than each of them.
    """

    data: DemoData
    run: Run
    submission: SubmissionRecord
    fold_score: float
    test_score: float


def run_demo(
    task: str = "sign_digits",
    folder: str | Path = "demo",
    *,
    preset: str = "baseline",
    seed: int = 0,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> DemoResult:
    """Lay out a data set, cross-validate, predict its test images, write the submission, compare with the truth.

    Args:
        task: "sign_digits" (single-label), "letters" (multi-label) or "glyphs" (several attributes).
        folder: Where data and runs go.
        preset: The recipe.
        seed: Seed of what is drawn; of sign_digits only the test names depend on it.
        settings: Machine and limits; runs go into `folder`/runs.
        progress: Receives progress and notes.
    """
    folder, progress = Path(folder), progress or default_progress()
    data = prepare(task, folder / task, seed=seed)
    settings = settings or Settings(runs=folder / "runs")
    options = ScanOptions(**data.scan_options)
    run = train(data.train_folder, preset=preset, options=options, settings=settings, progress=progress)
    predictions = run.predict(data.test_folder, progress=progress)
    submission = submit_run(run.folder, data.sample_submission)
    truth = _Truth(run, data.answers)
    folds = [load_predictions(run.folder.predictions_file("test", fold)) for fold in range(run.folds.n_folds)]
    fold_score = sum(map(truth.score, folds)) / len(folds)
    return DemoResult(data, run, submission, fold_score, truth.score(predictions))


class _Truth:
    """The answers that a contest would keep to itself."""

    def __init__(self, run: Run, answers: Path) -> None:
        header, *rows = csv.reader(durable.read_bytes(answers).decode().splitlines())
        self._answers, self._column = answers, header[0]
        self._ids = [row[0] for row in rows]
        self._metric = run.scores.main_metric
        self._labels = _read_labels(run.oof.task.main_target, header[1:], np.array([row[1:] for row in rows]))

    def score(self, predictions: Predictions) -> float:
        """Score of these predictions by the run's main metric."""
        match = match_ids(self._ids, predictions.ids.tolist(), where=self._answers, column=self._column)
        head = predictions.task.main_target
        return score(self._metric, predictions.probs[head.name][match.rows], self._labels, head)


def _read_labels(head: Head, columns: list[str], cells: NDArray[np.str_]) -> NDArray[np.integer[Any]]:
    if head.is_multi:
        return cells[:, [columns.index(name) for name in head.classes]].astype(np.int8)
    return cells[:, 0].astype(np.int64)
