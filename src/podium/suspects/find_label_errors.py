"""Labels that are probably wrong, the most suspect first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.arguments import strict_arguments
from podium.errors import DataError, UsageError
from podium.listing import count_of
from podium.suspects.group_suspects import rank_groups
from podium.suspects.judge import judge_question
from podium.suspects.label_suspects import LabelSuspects
from podium.suspects.neighbours import find_neighbours
from podium.suspects.question import list_questions
from podium.tables import ALWAYS_TRAIN, HOLDOUT, Predictions, Samples
from podium.twins import make_directions

__all__ = ["find_label_errors"]


@strict_arguments()
def find_label_errors(
    predictions: Predictions,
    samples: Samples,
    *,
    features: NDArray[np.floating[Any]] | None = None,
    heads: str | Sequence[str] | None = None,
    n_neighbours: int = 10,
) -> LabelSuspects:
    """Labels that models which had not seen them, and the images that look most alike, speak against.

    Every head is judged by itself, each label of a multi-label head as yes or no. Labels that are missing are not
    looked at. A label is believed by the mean of two probabilities: the model's, and the shares of the labels of the
    nearest images of other folds; the list is ordered by the given label's minus the best other one's.

    Args:
        predictions: Out-of-fold predictions. Those of a model that was trained on the labels find nothing.
        samples: The samples with their labels, at least those that are predicted.
        features: Features of a frozen network, shape (N, D), rows as the samples'; None asks the model alone.
        heads: Heads to judge; None judges all.
        n_neighbours: Neighbours whose labels are compared.

    Raises:
        DataError: If samples have no labels, or features have other rows.
        UsageError: If no row is out of fold, `heads` is empty, or `n_neighbours` is below 1.
        UnknownNameError: If there is no such head.

    Source:
        Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels".

    Example:
        run = podium.load_run("last")
        podium.find_label_errors(run.oof, run.samples).to_frame().head(20)
    """
    task = samples.task
    if task is None or task.heads != predictions.task.heads:
        raise DataError("samples and predictions need the same heads, with labels.")
    if n_neighbours < 1:
        raise UsageError(f"must be at least 1, got {n_neighbours}.", field="n_neighbours")
    if (predictions.fold < 0).all():
        raise UsageError("these predictions are of no fold.", fix="Take the out-of-fold predictions: `run.oof`.")
    names = [heads] if isinstance(heads, str) else heads
    if names is not None and not len(names):
        raise UsageError("names no head.", field="heads", fix="Leave it out to judge all.")
    names = None if names is None else list(dict.fromkeys(names))
    chosen = task.heads if names is None else tuple(task.head(name) for name in names)
    neighbours = None
    if features is not None:
        if len(features) != len(samples):
            raise DataError(
                f"there are {count_of(len(features), 'row')} of features for {count_of(len(samples), 'sample')}."
            )
        fold = np.full(len(samples), HOLDOUT, dtype=np.int64)
        fold[samples.rows_of(predictions.ids)] = predictions.fold
        fold[fold == HOLDOUT] = ALWAYS_TRAIN
        neighbours = find_neighbours(make_directions(features), fold, n=n_neighbours)
    judged = [
        judge_question(question, neighbours, len(samples)) for question in list_questions(predictions, samples, chosen)
    ]
    groups = {}
    if samples.has_groups:
        ranked = {item.question.name: rank_groups(item, samples.ids, samples.group_keys) for item in judged}
        groups = {name: found for name, found in ranked.items() if found is not None}
    return LabelSuspects.of(judged, samples, groups)
