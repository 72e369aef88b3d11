"""Out-of-fold predictions under test-time views, kept in the run folder: each fold asks about its own valid images."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from podium import durable
from podium.data import ImageCache, MemoryImages
from podium.dataset.run_images import decode_run_images, open_run_images
from podium.errors import StorageError
from podium.machine import Progress, Settings, default_progress
from podium.machine.device import prepare_process
from podium.machine.memory import warn_of_scarce_memory
from podium.recipe import load_recipe
from podium.recipe.view_detail import check_detail
from podium.stopping import StopRequest, listen_for_stop
from podium.store import ChosenViews, RunFolder, load_tables, weights_of
from podium.tables import Folds, Predictions, Samples, Task, concat_predictions, load_predictions, save_predictions
from podium.training.predictor import Predictor, open_predictor

__all__ = ["PLAIN", "ViewPredictions", "predict_views", "read_views"]

PLAIN = "plain"
_TIMED = 64


@dataclass(frozen=True)
class ViewPredictions:
    """Predictions under several views.

    Args:
        task: What they answer.
        by_view: Out-of-fold predictions of all folds, in the same order for every view.
        images_per_s: Speed with one fold's model, of the views that were timed.
    """

    task: Task
    by_view: Mapping[str, Predictions]
    images_per_s: Mapping[str, float]


def predict_views(
    run: RunFolder,
    views: Sequence[str],
    settings: Settings,
    progress: Progress,
    *,
    stored_px: tuple[int, int] | None = None,
) -> ViewPredictions:
    """Out-of-fold predictions under each of these views; those that are there, made by the weights that are there, are
    read.

    Args:
        run: A finished run with models of its own.
        views: Known views.
        settings: Machine and places.
        progress: Receives progress and notes.
        stored_px: Height and width of the decoded images that views are cut from; None takes the recipe's.

    Raises:
        UsageError: If a view cuts pieces that are too small for the model.
        ImageError: If the images are gone, or are others than at the start.
        Stopped: If a signal asked for it; what is predicted stays.
    """
    image = load_recipe(run.recipe_file).image
    stored = image if stored_px is None else image.model_copy(update={"stored_px": stored_px})
    check_detail(views, stored, field="views")
    maker = _Maker(run, settings, progress, stored_px)
    folds = run.read()["folds"]
    found = {(view, fold): maker.read(view, fold) for view in views for fold in folds}
    missing = [view for view in views if any(found[view, fold] is None for fold in folds)]
    if missing:
        warn_of_scarce_memory(progress)
        with listen_for_stop() as stop, progress.stage("predict under views", len(missing)) as update:
            for done, view in enumerate(missing, start=1):
                stop.check()
                found |= {(view, fold): made for fold, made in maker.make(view, folds, stop).items()}
                update(done)
    by_view = {view: concat_predictions([made for fold in folds if (made := found[view, fold])]) for view in views}
    return ViewPredictions(maker.task, by_view, maker.speeds())


def read_views(
    run: RunFolder, views: Sequence[str], *, stored_px: tuple[int, int] | None = None
) -> dict[str, Predictions] | None:
    """Out-of-fold predictions under these views that were made before, by view; None where some are missing or are of
    other weights.

    Args:
        run: A finished run with models of its own.
        views: Known views.
        stored_px: Height and width of the decoded images that views were cut from; None takes the recipe's.
    """
    maker = _Maker(run, Settings(), default_progress(), stored_px)
    by_view = {}
    for view in views:
        found = [maker.read(view, fold) for fold in run.read()["folds"]]
        whole = [made for made in found if made is not None]
        if len(whole) < len(found):
            return None
        by_view[view] = concat_predictions(whole)
    return by_view


def _first(cache: ImageCache, n: int) -> MemoryImages:
    """The first images of a cache, in memory, so that nothing that is computed from them is kept."""
    parts = {region: _first(part, n) for region, part in cache.parts.items()}
    return MemoryImages(cache.ids[:n], np.array(cache.pixels[:n]), parts=parts)


class _Maker:
    """Makes and keeps predictions; models and images are opened when the first is asked for."""

    def __init__(
        self, run: RunFolder, settings: Settings, progress: Progress, stored_px: tuple[int, int] | None = None
    ) -> None:
        self._run, self._settings, self._progress, self._stored_px = run, settings, progress, stored_px
        self._samples: Samples
        self._folds: Folds
        self._samples, self._folds = load_tables(run)
        assert self._samples.task is not None, "a run has a task"
        self.task = self._samples.task
        self._journal = durable.Journal(run.view_predictions_file("x", 0).parent / "speed.jsonl")

    def read(self, view: str, fold: int) -> Predictions | None:
        """Predictions that were made by the weights that are there now; None where there are none."""
        path = self._path(view, fold)
        if not path.is_file():
            return None
        try:
            made = load_predictions(path)
        except StorageError:
            return None
        ids = self._samples.ids[self._folds.valid_rows(fold)]
        is_same = made.origins[0].weights == weights_of(self._run, [fold]) and made.task == self.task
        return made if is_same and np.array_equal(made.ids, ids) else None

    def make(self, view: str, folds: Sequence[int], stop: StopRequest) -> dict[int, Predictions]:
        """Predictions of every fold under a view, each on disk as soon as it is there."""
        inputs = self._predictor.inputs_of_models(self._cache, views=[view], stop=stop)
        made = {}
        for fold in folds:
            stop.check()
            ids = self._samples.ids[self._folds.valid_rows(fold)]
            rows = self._cache.rows_of(ids)
            predictions = self._predictor.predict_rows(fold, ids, inputs, rows, [view])
            path = self._path(view, fold)
            durable.make_folder(path.parent)
            made[fold] = save_predictions(predictions, path, weights=weights_of(self._run, [fold]))
        self._time(view, folds[0])
        return made

    def speeds(self) -> dict[str, float]:
        """Images per second of every view that was timed."""
        return (
            {line["view"]: line["images_per_s"] for line in self._journal.read()}
            if self._journal.path.is_file()
            else {}
        )

    def _time(self, view: str, fold: int) -> None:
        n = min(_TIMED, len(self._cache))
        some = _first(self._cache, n)
        seconds = min(self._seconds(some, view, fold) for _ in range(2))
        self._journal.append({"view": view, "images_per_s": n / max(seconds, 1e-9)})

    def _seconds(self, images: MemoryImages, view: str, fold: int) -> float:
        start = time.perf_counter()
        list(self._predictor.predict_folds(images, views=[view], folds=[fold]))
        return time.perf_counter() - start

    def _path(self, view: str, fold: int) -> Path:
        safe = "".join(char if char.isalnum() or char in "+-." else "_" for char in view)
        if self._stored_px is not None:
            safe += f"-of-{self._stored_px[0]}x{self._stored_px[1]}"
        return self._run.view_predictions_file(safe, fold)

    @cached_property
    def _predictor(self) -> Predictor:
        prepare_process(self._settings.n_threads)
        return open_predictor(self._run, self._settings, self._progress, chosen=ChosenViews((PLAIN,), self._stored_px))

    @cached_property
    def _cache(self) -> ImageCache:
        recipe = self._predictor.recipe
        if self._stored_px is not None:
            return decode_run_images(self._run, self._samples, recipe, self._settings, self._progress)
        return open_run_images(self._run, self._run.read(), self._samples, recipe, self._settings, self._progress)
