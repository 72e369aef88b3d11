"""Predictions of corrupted images, each by the models that did not learn it; those that are there are read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.corruptions import Corruption
from podium.dataset.corrupted_images import CorruptedImages
from podium.errors import StorageError
from podium.listing import count_of
from podium.machine import Progress, Settings
from podium.machine.device import prepare_process
from podium.stopping import StopRequest, listen_for_stop
from podium.store import RunFolder, weights_of
from podium.tables import Predictions, Samples, concat_predictions, load_predictions, save_predictions
from podium.training.predictor import Predictor, open_predictor
from podium.training.time_plan import duration_words

__all__ = ["CLEAN", "CorruptedPredictions", "name_of"]

CLEAN = "clean"
_CHUNK = 1024
_TIMED = 4


class CorruptedPredictions:
    """Makes and keeps predictions; models are opened when the first is asked for.

    Args:
        run: A finished run with models of its own.
        samples: The run's samples.
        rows: Rows of the samples to corrupt, shape (n,); each has an out-of-fold prediction.
        settings: Machine and places.
        progress: Receives progress and notes.
        seed: Seed of the corruptions.
    """

    def __init__(
        self,
        run: RunFolder,
        samples: Samples,
        rows: NDArray[np.int64],
        settings: Settings,
        progress: Progress,
        seed: int,
    ) -> None:
        self._run, self.samples, self.rows = run, samples, rows
        self._settings, self._progress, self._seed = settings, progress, seed
        oof = load_predictions(run.oof_file)
        self._ids = samples.ids[rows]
        self._fold = oof.align(self._ids).fold
        self._weights = weights_of(run, run.read()["folds"])

    @cached_property
    def predictor(self) -> Predictor:
        """The run's models."""
        prepare_process(self._settings.n_threads)
        return open_predictor(self._run, self._settings, self._progress)

    @cached_property
    def images(self) -> CorruptedImages:
        """The run's images."""
        recipe, n_threads = self.predictor.recipe, self._settings.n_threads
        return CorruptedImages(self.samples, recipe, seed=self._seed, n_threads=n_threads)

    def predict(self, plan: Sequence[tuple[Corruption | None, int]]) -> dict[tuple[str, int], Predictions]:
        """Predictions of every corruption and severity; those that are there are read."""
        found = {(name_of(one), severity): self._read(name_of(one), severity) for one, severity in plan}
        missing = [(one, severity) for one, severity in plan if found[name_of(one), severity] is None]
        if missing:
            self._forecast([one for one, _ in missing])
            with listen_for_stop() as stop, self._progress.stage("predict corrupted images", len(missing)) as update:
                for done, (one, severity) in enumerate(missing, start=1):
                    found[name_of(one), severity] = self._make(one, severity, stop)
                    update(done)
        return {key: made for key, made in found.items() if made is not None}

    def _path(self, name: str, severity: int) -> Any:
        return self._run.stress_predictions_file(name, severity, 0 if name == CLEAN else self._seed)

    def _read(self, name: str, severity: int) -> Predictions | None:
        """Predictions of these images by the weights that are there now; None where there are none."""
        path = self._path(name, severity)
        if not path.is_file():
            return None
        try:
            made = load_predictions(path)
        except StorageError:
            return None
        is_same = bool(made.origins) and made.origins[0].weights == self._weights
        return made if is_same and np.array_equal(made.ids, self._ids) else None

    def _make(self, corruption: Corruption | None, severity: int, stop: StopRequest) -> Predictions:
        parts = []
        for start in range(0, len(self.rows), _CHUNK):
            stop.check()
            parts += self._predict_chunk(slice(start, start + _CHUNK), corruption, severity, stop)
        made = concat_predictions(parts).align(self._ids)
        path = self._path(name_of(corruption), severity)
        durable.make_folder(path.parent)
        return save_predictions(made, path, weights=self._weights)

    def _predict_chunk(
        self, some: slice, corruption: Corruption | None, severity: int, stop: StopRequest | None = None
    ) -> list[Predictions]:
        """Predictions of some of the rows, each by the models of its fold."""
        images, folds = self.images.make(self.rows[some], corruption, severity), self._fold[some]
        inputs = self.predictor.inputs_of_models(images, stop=stop)
        views = self.predictor.views
        return [
            self.predictor.predict_rows(fold, images.ids[own], inputs, own, views)
            for fold in np.unique(folds).tolist()
            for own in [np.flatnonzero(folds == fold)]
        ]

    def _forecast(self, missing: Sequence[Corruption | None]) -> None:
        """Say how long it will take, from a few images."""
        n = min(_TIMED, len(self.rows))
        self._predict_chunk(slice(0, n), None, 0)  # models are loaded, threads are warm
        started = time.perf_counter()
        self._predict_chunk(slice(0, n), None, 0)
        each = (time.perf_counter() - started) / n
        kinds = list(dict.fromkeys(one for one in missing if one is not None))
        started = time.perf_counter()
        for one in kinds:
            self.images.make(self.rows[:1], one, 3)
        each += (time.perf_counter() - started) / max(1, len(kinds)) / self._settings.n_threads
        words = duration_words(each * len(missing) * len(self.rows))
        versions = count_of(len(missing), "version")
        self._progress.note(f"{count_of(len(self.rows), 'image')} in {versions}: about {words}.")


def name_of(corruption: Corruption | None) -> str:
    """The corruption's name; that of clean images without one."""
    return CLEAN if corruption is None else corruption.name
