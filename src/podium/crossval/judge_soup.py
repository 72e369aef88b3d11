"""Whether the mean over the last epochs is better than the last epoch, out of fold and pair by pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.decisions import complete_probs, judged_answers
from podium.metrics import Scores, paired_difference
from podium.recipe import load_recipe
from podium.store import LAST_EPOCH_NAME, PLAIN_HEADS_NAME, RunFolder, read_pool
from podium.tables import Predictions, Samples, concat_predictions, load_predictions

__all__ = ["judge_nearest", "judge_soup"]


def judge_soup(run: RunFolder, oof: Predictions, whole: Samples, scores: Scores) -> Mapping[str, Any] | None:
    """What averaging the last epochs did to the main score; None where the run averages none.

    Nothing is chosen by it: the mean predicts whatever comes out.

    Args:
        run: A run all of whose folds are done.
        oof: Its out-of-fold predictions, by the mean.
        whole: Its samples.
        scores: Their scores.
    """
    training = load_recipe(run.recipe_file).training
    if training.soup_epochs is None:
        return None
    found = _compare(run, oof, whole, scores, LAST_EPOCH_NAME)
    return None if found is None else {"epochs": training.soup_epochs, "choice": training.soup_choice, **found}


def judge_nearest(run: RunFolder, oof: Predictions, whole: Samples, scores: Scores) -> Mapping[str, Any] | None:
    """What answering by the nearest training images did to the main score; None where the run answers by its heads."""
    nearest = load_recipe(run.recipe_file).model.nearest
    if nearest is None:
        return None
    found = _compare(run, oof, whole, scores, PLAIN_HEADS_NAME)
    return None if found is None else {"nearest": nearest, **found}


def _compare(run: RunFolder, oof: Predictions, whole: Samples, scores: Scores, name: str) -> Mapping[str, Any] | None:
    """The score minus that of the predictions of this name in the folders of all trainings; None where one is gone."""
    found = [_load_beside(run, fold, oof, name) for fold in run.read()["folds"]]
    folds = [predictions for predictions in found if predictions is not None]
    if not folds or len(folds) < len(found):
        return None
    pool, target = read_pool(run), scores.main_target
    other, samples = judged_answers(concat_predictions(folds).align(oof.ids), whole, pool)
    oof, _ = judged_answers(oof, whole, pool)
    rows = samples.rows_of(oof.ids)
    difference = paired_difference(
        other.probs[target],
        oof.probs[target],
        samples.target_labels(target)[rows],
        samples.group_keys[rows],
        scores.main_metric,
        next(head for head in oof.task.targets if head.name == target),
    )
    return {"target": target, **difference.to_dict()}


def _load_beside(run: RunFolder, fold: int, oof: Predictions, name: str) -> Predictions | None:
    """The rows of a fold that its trainings wrote under this name; None where a file is gone."""
    files = [path.parent / name for path in sorted(run.path.glob(f"fold-{fold}/*/model.json"))]
    if not files or not all(path.is_file() for path in files):
        return None
    parts = [load_predictions(path) for path in files]
    probs: dict[str, NDArray[np.float64]] = {}
    for part in parts:
        probs |= {name: np.asarray(values, dtype=np.float64) for name, values in part.probs.items()}
    return Predictions(oof.task, parts[0].ids, parts[0].fold, complete_probs(probs, oof.task))
