"""What the teachers of a run say of the images that each fold learns from: computed once, and kept in the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.dataset.run_images import open_run_images
from podium.decisions import complete_probs
from podium.machine import Progress, Settings, say_while_waiting
from podium.machine.allocator import return_freed_memory
from podium.recipe import Recipe
from podium.stopping import StopRequest
from podium.store import ChosenViews, RunFolder
from podium.tables import (
    MEAN_OF_FOLDS,
    Folds,
    Predictions,
    Samples,
    load_predictions,
    mean_predictions,
    save_predictions,
)
from podium.training.mean_over_views import mean_over_views
from podium.training.one_training import ALL_ROWS
from podium.training.predictor import Predictor, open_predictor
from podium.training.teachers import open_teachers

__all__ = ["Teaching"]

_PROBS, _ABOUT = "probs.parquet", "about.json"


@dataclass(frozen=True)
class Teaching:
    """The answers of a run's teachers.

    The models of the teachers' fold k answer for fold k, and they have not seen its validation samples: what the
    student learns depends on no label that judges it. For a training on all images the mean over all folds answers.

    Args:
        run: The run of the student.
        recipe: Its recipe, settled.
        samples: Its samples.
        folds: Their folds, in the same order.
        settings: Places and threads.
        progress: Receives the progress.
        stop: Asked before every batch.
    """

    run: RunFolder
    recipe: Recipe
    samples: Samples
    folds: Folds
    settings: Settings
    progress: Progress
    stop: StopRequest

    def __call__(self, fold: int) -> Predictions:
        """Probabilities of every target for the images that a fold, or with ALL_ROWS the refit, learns from.

        Raises:
            UsageError: If a teacher is gone or was changed, and its answers are not kept yet.
        """
        folder = self.run.path / "teacher" / ("refit" if fold == ALL_ROWS else f"fold-{fold}")
        waiting = say_while_waiting("the teacher's answers", self.progress, self.stop)
        with durable.wait_for_lock(folder, while_waiting=waiting):
            kept = self._read(folder)
            if kept is None:
                save_predictions(self._ask(fold), folder / _PROBS)
                about = {"teacher_sha256": self.recipe.distill.teacher_sha256}
                durable.write_json(folder / _ABOUT, about | {"sha256": durable.sha256_file(folder / _PROBS)})
                kept = load_predictions(folder / _PROBS)
        return kept

    def _read(self, folder: Path) -> Predictions | None:
        """What is kept; None where there is nothing, or something else than was written."""
        if not (folder / _ABOUT).is_file() or not (folder / _PROBS).is_file():
            return None
        about = durable.read_json(folder / _ABOUT)
        is_ours = about.get("teacher_sha256") == self.recipe.distill.teacher_sha256
        is_whole = about.get("sha256") == durable.sha256_file(folder / _PROBS)
        return load_predictions(folder / _PROBS) if is_ours and is_whole else None

    def _ask(self, fold: int) -> Predictions:
        folds = self.folds
        rows = folds.learnt_rows if fold == ALL_ROWS else folds.train_rows(fold)
        title = "teacher, all images" if fold == ALL_ROWS else f"teacher, fold {fold}"
        made: list[Predictions] = []
        teachers = open_teachers(self.recipe, self.settings.runs)
        with self.progress.stage(title, len(teachers)) as update:
            for number, teacher in enumerate(teachers, start=1):
                made.append(self._ask_one(teacher, fold, rows))
                update(number)
        return_freed_memory()
        return mean_predictions(made)

    def _ask_one(self, teacher: RunFolder, fold: int, rows: NDArray[np.int64]) -> Predictions:
        # Views that an audit chose meanwhile would make a resumed student another one.
        by_recipe = ChosenViews(())
        predictor = open_predictor(teacher, self.settings, self.progress, keep=False, chosen=by_recipe)
        recipe, record = predictor.recipe, teacher.read()
        cache = open_run_images(teacher, record, self.samples, recipe, self.settings, self.progress)
        input_rows = cache.rows_of(self.samples.ids[rows])
        inputs, asked = predictor.inputs_of_models(cache), record["folds"] if fold == ALL_ROWS else [fold]
        made = []
        for number in asked:
            probs: dict[str, NDArray[np.float64]] = {}
            for name, part in predictor.models.items():
                own = inputs[name]
                probs |= mean_over_views(
                    predictor.model(number, name),
                    lambda view, own=own: self.stop.watch(own.eval_batches(input_rows, view)),  # type: ignore[misc]
                    recipe.predict_views,
                    part,
                    device=predictor.device,
                    precision=str(recipe.training.precision),
                )
            made.append(self._as_predictions(predictor, rows, probs))
        return mean_predictions(made)

    def _as_predictions(
        self, predictor: Predictor, rows: NDArray[np.int64], probs: dict[str, NDArray[np.float64]]
    ) -> Predictions:
        made_by = np.full(len(rows), MEAN_OF_FOLDS, dtype=np.int64)
        return Predictions(predictor.task, self.samples.ids[rows], made_by, complete_probs(probs, predictor.task))
