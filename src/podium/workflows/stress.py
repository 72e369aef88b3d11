"""What `podium stress` does: scores of corrupted images, each judged by the models that did not learn it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.advice import call, option
from podium.arguments import strict_arguments
from podium.corruptions import SEVERITIES, Corruption, find_corruptions
from podium.dataset.corrupted_images import CorruptedImages
from podium.decisions import judged_answers
from podium.errors import Stopped, StorageError, UnknownNameError, UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings
from podium.machine.device import prepare_process
from podium.metrics import Scores, fitting_metrics
from podium.metrics import metric as find_metric
from podium.metrics.robustness import Robustness, judge_robustness
from podium.splits.draw_proxy import draw_proxy
from podium.stopping import StopRequest, listen_for_stop
from podium.store import RunFolder, check_scores, load_tables, read_pool, refuse_ensemble, weights_of
from podium.store.robustness_record import RECORD, SHEET
from podium.tables import Predictions, Samples, concat_predictions, load_predictions, save_predictions
from podium.training.predictor import Predictor, open_predictor
from podium.training.time_plan import duration_words

__all__ = ["StressCard", "stress", "stress_run"]

CLEAN = "clean"
_CHUNK = 1024
_TIMED = 4
_SHOWN_PX = 112


@dataclass(frozen=True)
class StressCard:
    """What `stress_run` found. All scores are out of fold.

    Args:
        run: Name of the run.
        seed: Seed of corruptions and of the sample of images.
        n_images: Images that were corrupted.
        n_of: Images of the run.
        severities: Severities.
        levels: By corruption, what each severity means.
        families: By corruption, what it is like.
        main: The main target.
        others: The other targets by name.
        weights: Digest of every model's weights.
        notes: What the user should know besides.
        sheet: The sheet that shows the corruptions, a PNG file.
    """

    run: str
    seed: int
    n_images: int
    n_of: int
    severities: tuple[int, ...]
    levels: Mapping[str, tuple[str, ...]]
    families: Mapping[str, str]
    main: Robustness
    others: Mapping[str, Robustness]
    weights: Mapping[str, str]
    notes: tuple[str, ...]
    sheet: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return self.__dict__ | {
            "severities": list(self.severities),
            "levels": {name: list(words) for name, words in self.levels.items()},
            "families": dict(self.families),
            "main": self.main.to_dict(),
            "others": {name: one.to_dict() for name, one in self.others.items()},
            "weights": dict(self.weights),
            "notes": list(self.notes),
        }


@strict_arguments()
def stress(
    run: str = "last",
    *,
    runs: str | Path = "runs",
    corruptions: str | Sequence[str] = (),
    severities: int | Sequence[int] = SEVERITIES,
    images: int = 500,
    metric: str | None = None,
    level: float = 0.9,
    seed: int = 0,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> StressCard:
    """A robustness card of a run: out-of-fold scores of corrupted images. See `Run.stress`.

    Args:
        run: The run's name, folder, or "last".
        runs: Folder of all runs.
        corruptions: Corruptions and families of them; none takes all.
        severities: Severities, 1 to 5.
        images: How many images; 0 takes all.
        metric: Judge the main target by this metric; None takes the run's.
        level: Confidence level.
        seed: Seed of the corruptions and of the sample of images.
        settings: Machine and places; its `runs` is not asked.
        progress: Receives progress and notes.

    Raises:
        UsageError: If the run is not finished or is an ensemble, or a number does not fit.
        UnknownNameError: If there is no such run, corruption or metric.
        ImageError: If images are gone or cannot be decoded.
    """
    from podium.workflows.run import Run, load_run

    found = load_run(run, runs=runs)
    if settings is not None:
        found = Run(found.folder, settings)
    return found.stress(
        corruptions=corruptions,
        severities=severities,
        images=images,
        metric=metric,
        level=level,
        seed=seed,
        progress=progress,
    )


def stress_run(
    run: RunFolder,
    settings: Settings,
    progress: Progress,
    *,
    corruptions: Sequence[str] = (),
    severities: Sequence[int] = SEVERITIES,
    n_images: int = 500,
    metric: str | None = None,
    level: float = 0.9,
    seed: int = 0,
) -> StressCard:
    """Score a run on corrupted images, out of fold, and keep the card in its folder.

    Predictions of every corruption and severity stay in the run folder: a second call, or one after a kill, makes only
    those that are missing, of other images, or made by other weights.

    Args:
        run: A finished run with models of its own.
        settings: Machine and places.
        progress: Receives progress and notes.
        corruptions: Corruptions and families of them; none takes all.
        severities: Severities, 1 to 5.
        n_images: Images, in whole groups with every label in its share; 0 takes all.
        metric: Judge the main target by this metric; None takes the run's.
        level: Confidence level.
        seed: Seed of corruptions and of the sample.

    Raises:
        UsageError: If the run is not finished or is an ensemble, or a number does not fit.
        UnknownNameError: If there is no such corruption or metric.
        ImageError: If images are gone or cannot be decoded.
        Stopped: If a signal asked for it; what is predicted stays.
    """
    severities = tuple(sorted(set(severities)))
    _check_numbers(severities, n_images, level)
    chosen = find_corruptions(corruptions)
    refuse_ensemble(run, "A robustness card")
    check_scores(run)
    samples = load_tables(run)[0]
    maker = _Maker(run, samples, _draw(run, samples, n_images, seed), settings, progress, seed)
    scores = Scores.from_dict(durable.read_json(run.scores_file))
    metrics = _metrics_of(scores, samples, metric)
    plan = [(None, 0), *((one, severity) for one in chosen for severity in severities)]
    try:
        made = maker.predict(plan)
    except Stopped as stopped:
        stopped.fix = f"Go on with {call(f'podium.load_run({run.name!r}).stress')} and the same options."
        raise
    judged = _judge(made, chosen, severities, samples, run, metrics, level)
    main = judged.pop(scores.main_target)
    card = StressCard(
        run.name,
        seed,
        len(maker.rows),
        len(load_predictions(run.oof_file)),
        severities,
        {one.name: tuple(one.levels[severity - 1] for severity in severities) for one in chosen},
        {one.name: one.family for one in chosen},
        main,
        judged,
        weights_of(run, run.read()["folds"]),
        tuple(_notes(main)),
        SHEET,
    )
    _write(run, card, _draw_sheet(maker, chosen, severities))
    return card


def _check_numbers(severities: Sequence[int], n_images: int, level: float) -> None:
    if not severities or not set(severities) <= set(SEVERITIES):
        raise UsageError(f"expected severities from 1 to 5, got {list(severities)}.", field="severities")
    if n_images < 0:
        raise UsageError(f"expected a number of images, or 0 for all, got {n_images}.", field="images")
    if not 0.5 <= level < 1:
        raise UsageError(f"the level is {level:g}; it must be at least 0.5 and below 1.", field="level")


def _draw(run: RunFolder, samples: Samples, n_images: int, seed: int) -> NDArray[np.int64]:
    """Rows of the samples that have out-of-fold predictions, or of as many as were asked for, in whole groups."""
    rows = np.sort(samples.rows_of(load_predictions(run.oof_file).ids))
    if not n_images or n_images >= len(rows):
        return rows
    judged = samples.take(rows)
    if len(set(judged.group_keys.tolist())) < 2:
        return rows
    return np.asarray(rows[draw_proxy(judged, n_images, seed=seed)], dtype=np.int64)


def _metrics_of(scores: Scores, samples: Samples, asked: str | None) -> dict[str, str]:
    """The metric of every target."""
    assert samples.task is not None, "a run has a task"
    found = {head.name: scores.metric_of(head.name) for head in samples.task.targets}
    if asked is not None:
        head = samples.task.main_target
        if not find_metric(asked).fits(head):
            raise UnknownNameError("metric", asked, fitting_metrics(head), field="metric")
        found[head.name] = asked
    return found


class _Maker:
    """Makes and keeps predictions; models are opened when the first is asked for."""

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
        found = {(_name(one), severity): self._read(_name(one), severity) for one, severity in plan}
        missing = [(one, severity) for one, severity in plan if found[_name(one), severity] is None]
        if missing:
            self._forecast([one for one, _ in missing])
            with listen_for_stop() as stop, self._progress.stage("predict corrupted images", len(missing)) as update:
                for done, (one, severity) in enumerate(missing, start=1):
                    found[_name(one), severity] = self._make(one, severity, stop)
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
        path = self._path(_name(corruption), severity)
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


def _name(corruption: Corruption | None) -> str:
    return CLEAN if corruption is None else corruption.name


def _judge(
    made: Mapping[tuple[str, int], Predictions],
    chosen: Sequence[Corruption],
    severities: Sequence[int],
    samples: Samples,
    run: RunFolder,
    metrics: Mapping[str, str],
    level: float,
) -> dict[str, Robustness]:
    """Every target's scores; of bags where one answer is for several images."""
    pool = read_pool(run)
    answers = {key: judged_answers(one, samples, pool) for key, one in made.items()}
    clean, units = answers[CLEAN, 0]
    rows = units.rows_of(clean.ids)
    found = {}
    for head in clean.task.targets:
        corrupted = {
            one.name: [answers[one.name, severity][0].probs[head.name] for severity in severities] for one in chosen
        }
        found[head.name] = judge_robustness(
            clean.probs[head.name],
            corrupted,
            units.target_labels(head.name)[rows],
            units.group_keys[rows],
            find_metric(metrics[head.name]),
            head,
            level=level,
        )
    return found


def _notes(main: Robustness) -> list[str]:
    least = 2.0 ** (1 - main.n_groups)
    if least > 1 - main.level:
        return [f"{count_of(main.n_groups, 'group')}: so few may all agree by chance. No verdict is given."]
    if any(least > 1 - one.change.difference.level for one in main.curves):
        groups = count_of(main.n_groups, "group")
        return [
            f"{groups} may all agree by chance for one of {count_of(len(main.curves), 'corruption')}: take more"
            f" {option('images')}, or fewer {option('corruptions')}, for a verdict on each."
        ]
    return []


def _draw_sheet(maker: _Maker, chosen: Sequence[Corruption], severities: Sequence[int]) -> bytes:
    """One image, clean and under every corruption: what the network gets, or what the file would look like."""
    from podium.images import resize_to
    from podium.report.contact_sheet import Picture, draw_sheet

    row = int(maker.rows[len(maker.rows) // 2])

    def picture(one: Corruption | None, severity: int) -> Picture:
        pixels = maker.images.make(np.array([row]), one, severity).pixels[0]
        scale = _SHOWN_PX / max(pixels.shape[:2])
        height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
        words = "clean" if one is None else one.levels[severity - 1]
        return Picture(resize_to(pixels, height, width), words)

    clean = picture(None, 0)
    rows = [[Picture(clean.pixels, one.name), *(picture(one, severity) for severity in severities)] for one in chosen]
    columns = ["clean", *(f"severity {severity}" for severity in severities)]
    return draw_sheet(f"Corruptions of {maker.samples.ids[row]}", columns, rows)


def _write(run: RunFolder, card: StressCard, sheet: bytes) -> None:
    from podium.report import make_report

    durable.make_folder(run.robustness_folder)
    durable.write_bytes(run.robustness_folder / SHEET, sheet)
    durable.write_sealed(run.robustness_folder / RECORD, card.to_dict())
    with durable.hold_lock(run.path):
        make_report(run)
