"""What a submission is expected to score, when a run is scored: what more images gain is measured where cheap."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from podium.crossval.scored_run import ScoredRun
from podium.dataset.run_images import open_run_images
from podium.decisions import judged_answers
from podium.errors import PodiumError, Stopped
from podium.machine import Caution
from podium.machine.device import choose_device, prepare_process
from podium.machine.tuning import restored_torch
from podium.metrics import (
    METRICS,
    ExpectedScore,
    TrainingGain,
    measure_training_gain,
    share_of_gain,
    unmeasured_gain,
)
from podium.metrics import score as score_by
from podium.predicting.expected_score import expect_with
from podium.recipe import load_recipe
from podium.splits import make_folds
from podium.store import read_pool
from podium.tables import Predictions

__all__ = ["expect_submission"]

MOST_FOLDS = 3
"""Folds whose heads are solved on half of their training part."""
MOST = 20_000
"""Images above which that takes minutes."""


def expect_submission(scored: ScoredRun) -> ExpectedScore | None:
    """The range for the mean of the folds on a test set as large as the training set; None for a metric that is not
    registered, or without a value.

    Where the run's heads are solved, the gain is measured: some folds are solved again on half of their training part.

    Args:
        scored: The run.

    Raises:
        Stopped: If it was asked for.
    """
    run, scores = scored.run, scored.scores
    if scores.main_metric not in METRICS or math.isnan(scores.main.value):
        return None
    gain, share = _find_gain(scored), share_of_gain(len(run.read()["folds"]), scored.folds.n_folds)
    return expect_with(run, scored.samples, scored.oof, scores, gain, share)


def _find_gain(scored: ScoredRun) -> TrainingGain:
    run, folds, scores = scored.run, scored.folds, scored.scores
    n_learnt = len(folds.learnt_rows)
    fraction = float(np.mean([len(folds.train_rows(fold)) for fold in run.read()["folds"]]) / n_learnt)
    perfect = scores.targets[scores.main_target].perfect.get(scores.main_metric, math.nan)
    error = 0.0 if math.isnan(perfect) else abs(perfect - scores.main.value)
    if not math.isnan(perfect) and n_learnt <= MOST and not run.is_ensemble and load_recipe(run.recipe_file).is_solved:
        try:
            with restored_torch():
                half, whole = _halve(scored)
            return measure_training_gain(half, whole, error=error, perfect=perfect, train_fraction=fraction)
        except Stopped:
            raise
        except PodiumError as problem:
            scored.progress.note(Caution(f"What more images would gain was not measured: {problem.what}"))
    return unmeasured_gain(error=error, train_fraction=fraction)


def _halve(scored: ScoredRun) -> tuple[float, float]:
    """Scores of heads that learnt from half of the groups of their training part, and of the run on the same images."""
    from podium.training.autotune import resolve_without_autotune  # torch, which gathering needs for this alone
    from podium.training.cross_solve import cross_solve, make_frozen_inputs

    run, samples, folds, settings, stop = scored.run, scored.samples, scored.folds, scored.settings, scored.stop
    task = samples.task
    assert task is not None, "a run has labels"
    device, record = choose_device(settings.device), run.read()
    prepare_process(run.n_threads)
    recipe = resolve_without_autotune(load_recipe(run.recipe_file), device)
    cache = open_run_images(run, record, samples, recipe, settings, scored.progress)
    inputs = make_frozen_inputs(
        recipe, task, cache, device, settings, scored.progress, stop, backbone_folder=run.backbone_folder
    )
    free = replace(samples, fold=None, split=None)  # the halves are of all rows, whatever folds the source gives
    seed = 0 if folds.n_folds > 2 else folds.seed + 1  # halves that are the two folds would leave nothing to learn
    is_half = make_folds(free, folds=2, split_seed=seed).fold == 0
    only = record["folds"][:MOST_FOLDS]
    rows = cache.rows_of(samples.ids)
    halves = cross_solve(recipe, samples, folds, inputs, rows, device, stop, only=only, is_learnt=is_half)

    def score(predictions: Predictions) -> float:
        head = next(head for head in task.targets if head.name == scored.scores.main_target)
        answers, units = judged_answers(predictions, samples, read_pool(scored.run))
        labels = units.target_labels(head.name)[units.rows_of(answers.ids)]
        return score_by(METRICS[scored.scores.main_metric], answers.probs[head.name], labels, head)

    return score(halves), score(scored.oof.align(halves.ids))
