"""Where the score of a submission will lie: measured when a run is scored, and told for a test set that is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from podium import durable
from podium.dataset.run_images import open_run_images
from podium.decisions import without_groups
from podium.errors import PodiumError, Stopped, UsageError
from podium.machine import Caution, Progress, Settings
from podium.machine.device import choose_device, prepare_process
from podium.machine.tuning import restored_torch
from podium.metrics import (
    METRICS,
    ExpectedScore,
    Scores,
    TrainingGain,
    expect_score,
    measure_training_gain,
    number_groups,
    share_of_gain,
    unmeasured_gain,
)
from podium.metrics import score as score_by
from podium.recipe import load_recipe
from podium.splits import make_folds
from podium.stopping import StopRequest
from podium.store import RunFolder, load_tables
from podium.tables import Folds, Predictions, Samples, as_certain_probs, load_predictions
from podium.workflows.decide import load_rules

__all__ = ["expect_of_predictions", "expect_on_test", "expect_submission"]

MOST_FOLDS = 3
"""Folds whose heads are solved on half of their training part."""
MOST = 20_000
"""Images above which that takes minutes."""


def expect_submission(
    run: RunFolder,
    samples: Samples,
    folds: Folds,
    oof: Predictions,
    scores: Scores,
    settings: Settings,
    progress: Progress,
    stop: StopRequest,
) -> ExpectedScore | None:
    """The range for the mean of the folds on a test set as large as the training set; None for a metric that is not
    registered, or without a value.

    Where the run's heads are solved, the gain is measured: some folds are solved again on half of their training part.

    Args:
        run: The run folder.
        samples: Its samples.
        folds: Its folds, in the same order.
        oof: Its out-of-fold predictions.
        scores: Their scores.
        settings: Machine and places.
        progress: Receives notes.
        stop: Asked between two candidates of a head.

    Raises:
        Stopped: If it was asked for.
    """
    if scores.main_metric not in METRICS or math.isnan(scores.main.value):
        return None
    gain = _find_gain(run, samples, folds, oof, scores, settings, progress, stop)
    return _expect(run, samples, oof, scores, gain, share_of_gain(len(run.read()["folds"]), folds.n_folds))


def expect_on_test(
    run: RunFolder, *, n_images: int, n_groups: int | None = None, is_refit: bool = False
) -> ExpectedScore | None:
    """The range for a test set that is known, of the answers as the run decides now.

    Args:
        run: A run.
        n_images: Images of the test set.
        n_groups: Groups of the test set; None where they are not known.
        is_refit: Whether the model on all images answers, not the mean of the folds.

    Returns:
        None where the run is not scored yet, was scored by a version that did not ask, or where its stated score cannot
        be believed of new objects.

    Raises:
        UsageError: If a size is less than 1.
    """
    if n_images < 1 or (n_groups is not None and n_groups < 1):
        raise UsageError(f"a test set has at least one image and one group, got {n_images} and {n_groups}.")
    if not run.is_finished or not run.oof_file.is_file():
        return None
    record = durable.read_json(run.scores_file)
    scores = Scores.from_dict(record)
    if scores.expected is None or scores.pessimistic is not None:
        return None
    samples, _ = load_tables(run)
    share = 1.0 if is_refit else scores.expected.share
    oof = load_predictions(run.oof_file)
    return _expect(run, samples, oof, scores, scores.expected.gain, share, n_images=n_images, n_groups=n_groups)


def expect_of_predictions(run: RunFolder, name: str, *, public_share: float | None = None) -> ExpectedScore | None:
    """The range for the test set of a run's predictions, or for a part of it that is drawn at random.

    Args:
        run: The run.
        name: Name of the predictions.
        public_share: Share of the images that a public leaderboard scores, in (0, 1); None takes all.

    Raises:
        UsageError: If the share is not in (0, 1).
    """
    if public_share is not None and not 0 < public_share < 1:
        what = f"a share of a leaderboard is between 0 and 1, got {public_share}."
        raise UsageError(what, field="public_share", fix="Write 0.3 for 30 % of the test images.")
    predictions = load_predictions(run.predictions_file(name))
    about = durable.read_json(run.predictions_file(name).with_suffix(".json"))
    is_refit = isinstance(about, dict) and about.get("models") == "refit"
    n_images = max(1, round(len(predictions) * (public_share or 1.0)))
    n_groups = None if predictions.group is None else number_groups(predictions.group)[1]
    return expect_on_test(run, n_images=n_images, n_groups=n_groups, is_refit=is_refit)


def _expect(
    run: RunFolder,
    samples: Samples,
    oof: Predictions,
    scores: Scores,
    gain: TrainingGain,
    share: float,
    *,
    n_images: int | None = None,
    n_groups: int | None = None,
) -> ExpectedScore:
    rows = samples.rows_of(oof.ids)
    order = np.argsort(rows)  # so that the range does not depend on the order of the predictions
    oof, rows = oof.take(order), rows[order]
    item, target = METRICS[scores.main_metric], scores.main_target
    head = next(head for head in oof.task.targets if head.name == target)
    probs, rules = oof.probs[target], load_rules(run, oof.task)
    if rules.consensus:
        if samples.group is None:
            raise without_groups(rules.consensus)
        oof = rules.pool(Predictions(oof.task, oof.ids, oof.fold, oof.probs, group=samples.group[rows]))
        probs = oof.probs[target]
    if not rules.is_default and item.needs == "decisions":
        probs = as_certain_probs(rules.decide(oof)[target], head)
    labels, keys = samples.target_labels(target)[rows], samples.group_keys[rows]
    return expect_score(item, head, probs, labels, keys, gain, share=share, n_images=n_images, n_groups=n_groups)


def _find_gain(
    run: RunFolder,
    samples: Samples,
    folds: Folds,
    oof: Predictions,
    scores: Scores,
    settings: Settings,
    progress: Progress,
    stop: StopRequest,
) -> TrainingGain:
    n_learnt = len(folds.learnt_rows)
    fraction = float(np.mean([len(folds.train_rows(fold)) for fold in run.read()["folds"]]) / n_learnt)
    perfect = scores.targets[scores.main_target].perfect.get(scores.main_metric, math.nan)
    error = 0.0 if math.isnan(perfect) else abs(perfect - scores.main.value)
    if not math.isnan(perfect) and n_learnt <= MOST and load_recipe(run.recipe_file).is_solved:
        try:
            with restored_torch():
                half, whole = _halve(run, samples, folds, oof, scores, settings, progress, stop)
            return measure_training_gain(half, whole, error=error, perfect=perfect, train_fraction=fraction)
        except Stopped:
            raise
        except PodiumError as problem:
            progress.note(Caution(f"What more images would gain was not measured: {problem.what}"))
    return unmeasured_gain(error=error, train_fraction=fraction)


def _halve(
    run: RunFolder,
    samples: Samples,
    folds: Folds,
    oof: Predictions,
    scores: Scores,
    settings: Settings,
    progress: Progress,
    stop: StopRequest,
) -> tuple[float, float]:
    """Scores of heads that learnt from half of the groups of their training part, and of the run on the same images."""
    from podium.training.autotune import resolve_without_autotune  # torch, which gathering needs for this alone
    from podium.training.cross_solve import cross_solve, make_frozen_inputs

    task = samples.task
    assert task is not None, "a run has labels"
    device, record = choose_device(settings.device), run.read()
    prepare_process(run.n_threads)
    recipe = resolve_without_autotune(load_recipe(run.recipe_file), device)
    cache = open_run_images(run, record, samples, recipe, settings, progress)
    inputs = make_frozen_inputs(
        recipe, task, cache, device, settings, progress, stop, backbone_folder=run.backbone_folder
    )
    free = replace(samples, fold=None, split=None)  # the halves are of all rows, whatever folds the source gives
    seed = 0 if folds.n_folds > 2 else folds.seed + 1  # halves that are the two folds would leave nothing to learn
    is_half = make_folds(free, folds=2, split_seed=seed).fold == 0
    only = record["folds"][:MOST_FOLDS]
    rows = cache.rows_of(samples.ids)
    halves = cross_solve(recipe, samples, folds, inputs, rows, device, stop, only=only, is_learnt=is_half)

    def score(predictions: Predictions) -> float:
        head = next(head for head in task.targets if head.name == scores.main_target)
        labels = samples.target_labels(head.name)[samples.rows_of(predictions.ids)]
        return score_by(METRICS[scores.main_metric], predictions.probs[head.name], labels, head)

    return score(halves), score(oof.align(halves.ids))
