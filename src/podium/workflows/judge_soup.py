"""Whether the mean over the last epochs is better than the last epoch, out of fold and pair by pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.decisions import complete_probs, judged_answers
from podium.metrics import Scores, paired_difference
from podium.recipe import load_recipe
from podium.store import LAST_EPOCH_NAME, RunFolder, read_pool
from podium.tables import Predictions, Samples, concat_predictions, load_predictions

__all__ = ["judge_soup"]


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
    n_epochs = training.soup_epochs
    found = [] if n_epochs is None else [_last_epoch(run, fold, oof) for fold in run.read()["folds"]]
    folds = [predictions for predictions in found if predictions is not None]
    if not folds or len(folds) < len(found):
        return None
    pool, target = read_pool(run), scores.main_target
    last, samples = judged_answers(concat_predictions(folds).align(oof.ids), whole, pool)
    oof, _ = judged_answers(oof, whole, pool)
    rows = samples.rows_of(oof.ids)
    difference = paired_difference(
        last.probs[target],
        oof.probs[target],
        samples.target_labels(target)[rows],
        samples.group_keys[rows],
        scores.main_metric,
        next(head for head in oof.task.targets if head.name == target),
    )
    return {"epochs": n_epochs, "choice": training.soup_choice, "target": target, **difference.to_dict()}


def _last_epoch(run: RunFolder, fold: int, oof: Predictions) -> Predictions | None:
    """The last epoch's out-of-fold rows of a fold, from all its models; None where a file is gone."""
    files = [path.parent / LAST_EPOCH_NAME for path in sorted(run.path.glob(f"fold-{fold}/*/model.json"))]
    if not files or not all(path.is_file() for path in files):
        return None
    parts = [load_predictions(path) for path in files]
    probs: dict[str, NDArray[np.float64]] = {}
    for part in parts:
        probs |= {name: np.asarray(values, dtype=np.float64) for name, values in part.probs.items()}
    return Predictions(oof.task, parts[0].ids, parts[0].fold, complete_probs(probs, oof.task))
