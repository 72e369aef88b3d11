"""Labels that are probably wrong, the most suspect first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.arguments import strict_arguments
from podium.errors import DataError, UsageError
from podium.listing import count_of, list_some
from podium.suspects.annotations import read_annotations
from podium.suspects.annotators import ask_crowd
from podium.suspects.group_suspects import rank_groups
from podium.suspects.judge import Judgement, judge_question
from podium.suspects.label_suspects import LabelSuspects
from podium.suspects.neighbours import find_neighbours
from podium.suspects.question import list_questions
from podium.tables import ALWAYS_TRAIN, HOLDOUT, Predictions, Samples
from podium.texttable import Frame
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
    annotators: str | Path | Frame | None = None,
    repeats: Sequence[Predictions] = (),
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
        annotators: Labels by annotator, a column each, or a row a label with the columns image, annotator, label (and
            head). What they say is weighed with the model's answer, each by how far it can be trusted (CROWDLAB).
        repeats: Out-of-fold predictions of further runs of the same images, of other seeds or folds. Labels that more
            runs find wrong come first, those of as many by the mean of all probabilities.

    Raises:
        DataError: If samples have no labels, features have other rows, or repeats answer other images or another task.
        TableError: If the table of annotators cannot be read.
        UsageError: If no row is out of fold, `heads` is empty, `n_neighbours` is below 1, or no image has labels of two
            annotators.
        UnknownNameError: If there is no such head.

    Source:
        Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels"; Goh, Tkachenko
        and Mueller 2022, "CROWDLAB: Supervised learning to infer consensus labels and quality scores for data with
        multiple annotators".

    Example:
        run = podium.load_run("last")
        podium.find_label_errors(run.oof, run.samples).to_frame().head(20)
    """
    task = samples.task
    if task is None or task.heads != predictions.task.heads:
        raise DataError("samples and predictions need the same heads, with labels.")
    if n_neighbours < 1:
        raise UsageError(f"must be at least 1, got {n_neighbours}.", field="n_neighbours")
    every = [predictions, *_aligned(repeats, predictions)]
    if any((one.fold < 0).all() for one in every):
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
    asked = list(list_questions(_mean_of(every), samples, chosen))
    several = list(zip(*(list_questions(one, samples, chosen) for one in every), strict=True)) if repeats else []
    people = None if annotators is None else read_annotations(annotators, samples)
    judged = [
        judge_question(
            question,
            neighbours,
            len(samples),
            crowd=None if people is None else ask_crowd(question, people),
            repeats=several[place] if several else (),
        )
        for place, question in enumerate(asked)
    ]
    groups = {}
    if samples.has_groups:
        ranked = {item.question.name: rank_groups(item, samples.ids, samples.group_keys) for item in judged}
        groups = {name: found for name, found in ranked.items() if found is not None}
    notes = (*(() if people is None else people.notes), *_unknown_labels(judged))
    return LabelSuspects.of(judged, samples, groups, notes=notes)


def _unknown_labels(judged: Sequence[Judgement]) -> Iterator[str]:
    """What is not judged, because no other fold has it."""
    for item in judged:
        if item.question.unknown:
            names = list_some(list(item.question.unknown))
            yield (
                f"Not judged, {item.question.name}: images with {names} of which no other fold has one, so that their"
                " model never learnt it."
            )


def _aligned(repeats: Sequence[Predictions], first: Predictions) -> list[Predictions]:
    """The other runs' predictions with the rows of the first."""
    aligned = []
    for number, one in enumerate(repeats, start=2):
        if one.task != first.task or set(one.ids.tolist()) != set(first.ids.tolist()):
            raise DataError(
                f"run {number} answers other images or another task than the first.",
                fix="Repeat a run on the same data with another seed or other folds.",
            )
        aligned.append(one.align(first.ids))
    return aligned


def _mean_of(every: Sequence[Predictions]) -> Predictions:
    """The mean of all probabilities, with the folds of the first."""
    if len(every) == 1:
        return every[0]
    first = every[0]
    means = {name: np.mean([one.probs[name] for one in every], axis=0) for name in first.probs}
    return replace(first, probs=means)
