"""What `podium stress` does: scores of corrupted images, each judged by the models that did not learn it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.advice import call, option
from podium.arguments import strict_arguments
from podium.corruptions import SEVERITIES, Corruption, find_corruptions
from podium.decisions import judged_answers
from podium.errors import Stopped, UnknownNameError, UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings
from podium.metrics import Scores, fitting_metrics
from podium.metrics import metric as find_metric
from podium.metrics.robustness import Robustness, judge_robustness
from podium.splits.draw_proxy import draw_proxy
from podium.store import RunFolder, check_scores, load_tables, read_pool, refuse_ensemble, weights_of
from podium.store.robustness_record import RECORD, SHEET
from podium.tables import Predictions, Samples, load_predictions
from podium.workflows.draw_corruptions import draw_corruptions
from podium.workflows.predict_corrupted import CLEAN, CorruptedPredictions
from podium.workflows.stress_card import StressCard

__all__ = ["StressCard", "stress", "stress_run"]


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
    maker = CorruptedPredictions(run, samples, _draw(run, samples, n_images, seed), settings, progress, seed)
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
    _write(run, card, draw_corruptions(maker, chosen, severities))
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


def _write(run: RunFolder, card: StressCard, sheet: bytes) -> None:
    from podium.report import make_report

    durable.make_folder(run.robustness_folder)
    durable.write_bytes(run.robustness_folder / SHEET, sheet)
    durable.write_sealed(run.robustness_folder / RECORD, card.to_dict())
    with durable.hold_lock(run.path):
        make_report(run)
