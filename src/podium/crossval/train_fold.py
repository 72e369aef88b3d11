"""Train one fold: each of its models under a lock of its own, so that any number of processes can work on one run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.callbacks import Callbacks
from podium.crossval.ask_for_folds import ask_for_folds
from podium.crossval.time_left import TimeLeft
from podium.data import ImageCache, cut_to
from podium.dataset.run_images import open_run_images
from podium.decisions import complete_probs
from podium.engine import Team, current_team
from podium.engine.saved_weights import has_weights
from podium.errors import LockedError, StorageError
from podium.machine import Progress, Settings, Silent
from podium.machine.allocator import return_freed_memory
from podium.machine.device import choose_device, prepare_process
from podium.machine.tuning import restored_torch
from podium.recipe import arrange, load_recipe
from podium.stopping import StopRequest, listen_for_stop
from podium.store import RunFolder, weights_of, write_results
from podium.tables import Folds, Predictions, Samples, save_predictions
from podium.training.autotune import require_compiler, resolve_without_autotune
from podium.training.make_inputs import make_inputs
from podium.training.one_training import CHECKPOINTS, Training, make_job, train_all_rows, train_one
from podium.training.teaching import Teaching

__all__ = ["FoldTrainer", "train_fold"]


def train_fold(
    run: RunFolder,
    fold: int,
    *,
    place: int | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> bool:
    """Train the models of one fold that no other process has, and predict its valid images once all are trained.

    For schedulers that hand out folds themselves. `gather` scores the run once every fold is done.

    Args:
        run: A run folder.
        fold: One of its folds, which the run is asked for from here on.
        place: Number of one of the fold's models, to train no other; None trains all.
        settings: Machine and places; threads are the ones recorded with the run.
        progress: Receives progress and notes.

    Returns:
        Whether the fold is done. Where it is not, another process has one of its models.

    Raises:
        SplitError: If there is no such fold.
        CorruptFileError: If a table of the run is not the one it was started with.
        ImageError: If the images are gone, or are others than at the start.
        Stopped: If a signal asked for it; the same call goes on exactly.
    """
    settings, progress = settings or Settings(runs=run.path.parent), progress or Silent()
    with listen_for_stop() as stop, restored_torch():
        samples, folds = ask_for_folds(run, [fold], settings, progress, stop)
        FoldTrainer(run, samples, folds, settings, progress, stop).train(fold, place)
    return run.is_fold_done(fold)


class FoldTrainer:
    """Trains folds of one run, one after the other; what all of them need is made once.

    Args:
        run: The run folder.
        samples: Its samples.
        folds: Its folds, in the same order.
        settings: Machine and places; threads are the ones recorded with the run.
        progress: Receives progress and notes.
        stop: Asked after every step.
        callbacks: Follow the trainings.

    Attributes:
        held: The latest lock that another process was found to hold; None before.
    """

    def __init__(
        self,
        run: RunFolder,
        samples: Samples,
        folds: Folds,
        settings: Settings,
        progress: Progress,
        stop: StopRequest,
        callbacks: Callbacks | None = None,
    ) -> None:
        assert samples.task is not None, "start_run refuses samples without labels"
        self._run, self._samples, self._folds = run, samples, folds
        self._task = samples.task
        self._settings, self._progress, self._stop = settings, progress, stop
        self._callbacks = callbacks or Callbacks()
        self._device = choose_device(settings.device)
        self._recipe = resolve_without_autotune(load_recipe(run.recipe_file), self._device)
        require_compiler(self._recipe, self._device)
        self._models = arrange(self._task, self._recipe.model.arrangement)
        self._given_by_region: dict[str, Training] = {}
        self._probs: dict[Path, dict[str, NDArray[np.float64]]] = {}
        self.held: LockedError | None = None
        prepare_process(run.n_threads)

    def tell_time_left(self, only_folds: Collection[int] = ()) -> None:
        """Note from now on how long it takes until these folds are done, or all that the run was asked for."""

        def count() -> int:
            folders = [
                self._folder(fold, place)
                for fold in self._run.folds_left(only_folds)
                for place in range(len(self._models))
            ]
            return sum(not has_weights(folder) for folder in folders)

        self._callbacks = self._callbacks.joined(TimeLeft(count, self._progress))

    def train(self, fold: int, place: int | None = None) -> bool:
        """Train the fold's models that no other process has; then predict its valid samples, if all are trained.

        Args:
            fold: The fold.
            place: Number of one of its models, to train no other.

        Returns:
            Whether there was something to do.
        """
        places = range(len(self._models)) if place is None else [place]
        trained = [self._train_model(fold, number) for number in places]
        return self._finish(fold) or any(trained)

    def train_all_rows(self, place: int, n_epochs: int) -> None:
        """Train one of the run's models on all images but the holdout's, unless it is.

        Args:
            place: Number of the model.
            n_epochs: Epochs after which it ends.

        Raises:
            LockedError: If another process trains it right now.
        """
        name, task = list(self._models.items())[place]
        folder = self._run.refit_folder(name)
        if has_weights(folder) and not (folder / CHECKPOINTS).exists():
            return
        with durable.hold_lock(folder):
            train_all_rows(
                self._given(name), task, place, folder, n_epochs=n_epochs, stop=self._stop, progress=self._progress
            )

    def help_train(self, team: Team, fold: int, place: int) -> None:
        """Take every step of a training that another process leads, which has made the inputs already."""
        name, task = list(self._models.items())[place]
        make_job(self._given(name), task, fold, place).help(team, self._stop)

    def _folder(self, fold: int, place: int) -> Path:
        return self._run.training_folder(fold, list(self._models)[place])

    def _train_model(self, fold: int, place: int) -> bool:
        folder = self._folder(fold, place)
        if has_weights(folder):
            return False
        with self._taken([folder]) as is_taken:
            if not is_taken or has_weights(folder):
                return False
            self._probs[folder] = self._train_and_predict(fold, place)
        return True

    def _train_and_predict(self, fold: int, place: int) -> dict[str, NDArray[np.float64]]:
        folder, task = self._folder(fold, place), list(self._models.values())[place]
        given, team = self._given(list(self._models)[place]), current_team()
        if team is not None and not has_weights(folder):
            team.tell({"run": str(self._run.path.resolve()), "fold": fold, "place": place})
        return train_one(given, task, fold, place, folder, stop=self._stop, progress=self._progress)

    def _finish(self, fold: int) -> bool:
        """Write the fold's predictions, if all its models are trained and no other process is at them."""
        folders = [self._folder(fold, place) for place in range(len(self._models))]
        if self._run.is_fold_done(fold) or not all(has_weights(folder) for folder in folders):
            return False
        with self._taken(folders) as is_taken:
            if not is_taken or self._run.is_fold_done(fold):
                return False
            probs: dict[str, NDArray[np.float64]] = {}
            for place, folder in enumerate(folders):
                probs |= self._probs.pop(folder, {}) or self._train_and_predict(fold, place)
            rows = self._folds.valid_rows(fold)
            made_by = np.full(len(rows), fold, dtype=np.int64)
            predictions = Predictions(self._task, self._samples.ids[rows], made_by, complete_probs(probs, self._task))
            save_predictions(
                predictions, self._run.predictions_file("oof", fold), weights=weights_of(self._run, [fold])
            )
        with suppress(StorageError):  # a journal of another training may be torn until it is taken up again
            write_results(self._run)
        return True

    @contextmanager
    def _taken(self, folders: Sequence[Path]) -> Iterator[bool]:
        """Hold the locks of these trainings during a `with` block; gives False where another process has one."""
        with ExitStack() as stack:
            is_taken = True
            try:
                for folder in folders:
                    stack.enter_context(durable.hold_lock(folder))
            except LockedError as problem:
                self.held, is_taken = problem, False
            yield is_taken

    @cached_property
    def _images(self) -> ImageCache:
        record = self._run.read()
        return open_run_images(self._run, record, self._samples, self._recipe, self._settings, self._progress)

    def _given(self, name: str) -> Training:
        """What the model of this name is trained on; models of one region share it."""
        region = self._recipe.image.region_of(name)
        if region not in self._given_by_region:
            self._given_by_region[region] = self._make_given(region)
        return self._given_by_region[region]

    def _make_given(self, region: str) -> Training:
        record, cache = self._run.read(), self._images
        inputs = make_inputs(
            self._recipe,
            self._task,
            cut_to(cache, region),
            self._device,
            self._settings,
            self._progress,
            backbone_folder=self._run.backbone_folder,
            stop=self._stop,
        )
        return_freed_memory()
        return Training(
            self._recipe,
            self._samples,
            self._folds,
            cache.rows_of(self._samples.ids),
            inputs,
            self._device,
            self._settings.checkpoint_seconds,
            cloud_drive=bool(record.get("cloud_drive")),
            callbacks=self._callbacks,
            teacher=self._teaching if self._recipe.distill.teacher else None,
        )

    @property
    def _teaching(self) -> Teaching:
        place = self._settings
        return Teaching(self._run, self._recipe, self._samples, self._folds, place, self._progress, self._stop)
