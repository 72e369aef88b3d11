"""The whole job on data that Podium ships or makes, and what a contest would not tell: how the test really went."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from podium import durable
from podium.curate import ScanOptions
from podium.demo import DemoData, prepare
from podium.metrics import score
from podium.submission import SubmissionRecord, match_ids
from podium.tables import Head, Predictions
from podium.workflows.progress import Progress, Silent
from podium.workflows.run import Run, train
from podium.workflows.settings import Settings
from podium.workflows.submit_run import submit_run

__all__ = ["DemoResult", "run_demo"]


@dataclass(frozen=True)
class DemoResult:
    """What a demo gave.

    Args:
        data: Where its data are.
        run: The finished run.
        submission: The submission written.
        test_score: Score of the submission's predictions against the true answers, by the run's main metric.
    """

    data: DemoData
    run: Run
    submission: SubmissionRecord
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
        progress: Told what is going on.
    """
    folder, progress = Path(folder), progress or Silent()
    data = prepare(task, folder / task, seed=seed)
    settings = settings or Settings(runs=folder / "runs")
    options = ScanOptions(**data.scan_options)
    run = train(data.train_folder, preset=preset, options=options, settings=settings, progress=progress)
    predictions = run.predict(data.test_folder, progress=progress)
    submission = submit_run(run.folder, data.sample_submission)
    return DemoResult(data, run, submission, _score_test(run, predictions, data.answers))


def _score_test(run: Run, predictions: Predictions, answers: Path) -> float:
    header, *rows = csv.reader(durable.read_bytes(answers).decode().splitlines())
    match = match_ids([row[0] for row in rows], predictions.ids.tolist(), where=answers, column=header[0])
    head, metric = predictions.task.main_target, run.scores.main_metric
    cells = np.array([row[1:] for row in rows])
    labels = _read_labels(head, header[1:], cells)
    return score(metric, predictions.probs[head.name][match.rows], labels, head)


def _read_labels(head: Head, columns: list[str], cells: np.ndarray) -> np.ndarray:
    if head.is_multi:
        return cells[:, [columns.index(name) for name in head.classes]].astype(np.int8)
    return cells[:, 0].astype(np.int64)
