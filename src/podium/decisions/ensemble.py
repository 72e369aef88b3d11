"""The out-of-fold predictions of an ensemble whose weights no judged row has helped to choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.decisions.blend import Blend, rank_grid
from podium.decisions.blend_weights import Choice, choose_weights
from podium.decisions.stack import Stack, fit_stack
from podium.decisions.table_columns import ColumnPlan
from podium.metrics import Metric, number_groups
from podium.tables import Head, Predictions, Task

__all__ = ["Chosen", "combine_out_of_fold", "load_blend", "stack_out_of_fold"]


@dataclass(frozen=True, eq=False)
class Chosen:
    """An ensemble.

    Args:
        blend: How new predictions are combined: with weights chosen on all rows.
        oof: Out-of-fold predictions; where labels chose the weights, each fold's by weights chosen on the others.
        by_fold: Weights of the main target, a row a fold, or of one fold a row a third of its groups; empty where no
            label chose them.
    """

    blend: Blend | Stack
    oof: Predictions
    by_fold: Mapping[int, tuple[float, ...]]


def combine_out_of_fold(
    choice: Choice,
    members: Sequence[Predictions],
    labels: Mapping[str, NDArray[np.integer[Any]]],
    fold: NDArray[np.int64],
    metrics: Mapping[str, Metric],
    main: str,
    *,
    groups: NDArray[np.object_],
    per_head: bool = False,
) -> Chosen:
    """Choose an ensemble, and make out-of-fold predictions of it that can be scored.

    Args:
        choice: What is averaged, and how weights are found.
        members: Out-of-fold predictions of every model, of the same images in the same order.
        labels: Per target, labels of these images.
        fold: Fold of every image, which divides no group.
        metrics: Per target, what greedy selection lifts.
        main: The target whose weights all targets share, unless `per_head`.
        groups: Group of every image, shape (N,): where there is one fold, weights are chosen on two thirds of its
            groups and judged on the others.
        per_head: Whether every target has weights of its own.
    """
    task = members[0].task
    parts = [{name: np.asarray(values) for name, values in member.probs.items()} for member in members]

    def choose(rows: NDArray[Any]) -> Blend:
        own = [{name: values[rows] for name, values in part.items()} for part in parts]
        return _choose(
            choice, own, {name: values[rows] for name, values in labels.items()}, metrics, main, task, per_head
        )

    everything = np.ones(len(fold), dtype=bool)
    blend = choose(everything)
    if not choice.learns:
        return Chosen(blend, _as_predictions(members[0], fold, blend.combine(parts, task)), {})
    probs = {head.name: np.empty((len(fold), head.n_classes)) for head in task.targets}
    by_fold = {}
    own_folds = _inner_folds(fold, groups)
    for number in sorted(set(own_folds.tolist())):
        judged = own_folds == number
        own = choose(~judged)
        by_fold[number] = own.weights[main]
        for name, values in own.combine([{n: v[judged] for n, v in part.items()} for part in parts], task).items():
            probs[name][judged] = values
    return Chosen(blend, _as_predictions(members[0], fold, probs), by_fold)


def load_blend(record: Mapping[str, Any]) -> Blend | Stack:
    """What `to_dict` of either wrote."""
    return Stack.from_dict(record) if record["kind"] == Stack.kind else Blend.from_dict(record)


def stack_out_of_fold(
    members: Sequence[Predictions],
    labels: Mapping[str, NDArray[np.integer[Any]]],
    fold: NDArray[np.int64],
    groups: NDArray[np.object_],
    main: str,
    *,
    extra: NDArray[np.float64] | None = None,
    columns: ColumnPlan | None = None,
) -> Chosen:
    """Stack the members, each fold by a regression of the others, whose strength was chosen inside these.

    Args:
        members: Out-of-fold predictions of every model, of the same images in the same order.
        labels: Per target, labels of these images.
        fold: Fold of every image, which divides no group.
        groups: Group of every image, for inner folds where only one fold is left.
        main: The main target.
        extra: Numbers of columns beside the images, shape (N, K).
        columns: How these were made.
    """
    task = members[0].task
    parts = [{name: np.asarray(values) for name, values in member.probs.items()} for member in members]
    own_folds = _inner_folds(fold, groups)

    def fit(rows: NDArray[np.bool_]) -> Stack:
        own = [{name: values[rows] for name, values in part.items()} for part in parts]
        known = {name: values[rows] for name, values in labels.items()}
        inner = _inner_folds(own_folds[rows], groups[rows])
        return fit_stack(own, known, inner, task, extra=None if extra is None else extra[rows], columns=columns)

    probs = {head.name: np.empty((len(fold), head.n_classes)) for head in task.targets}
    by_fold = {}
    for number in sorted(set(own_folds.tolist())):
        judged = own_folds == number
        own = fit(~judged)
        by_fold[number] = own.weights[main]
        shown = [{name: values[judged] for name, values in part.items()} for part in parts]
        for name, values in own.combine(shown, task, None if extra is None else extra[judged]).items():
            probs[name][judged] = values
    return Chosen(fit(np.ones(len(fold), dtype=bool)), _as_predictions(members[0], fold, probs), by_fold)


def _inner_folds(fold: NDArray[np.int64], groups: NDArray[np.object_]) -> NDArray[np.int64]:
    """The folds that are left; where that is one, its groups in three parts."""
    if len(set(fold.tolist())) > 1:
        return fold
    return np.asarray(number_groups(groups)[0] % 3, dtype=np.int64)


def _choose(
    choice: Choice,
    parts: Sequence[Mapping[str, NDArray[Any]]],
    labels: Mapping[str, NDArray[Any]],
    metrics: Mapping[str, Metric],
    main: str,
    task: Task,
    per_head: bool,
) -> Blend:
    def weigh(head: Head) -> tuple[float, ...]:
        return choose_weights(choice, [part[head.name] for part in parts], labels[head.name], metrics[head.name], head)

    targets = {head.name: head for head in task.targets}
    shared = weigh(targets[main])
    weights = {name: weigh(head) if per_head and name != main else shared for name, head in targets.items()}
    grids = {}
    if choice.kind == "ranks":
        grids = {name: [rank_grid(part[name]) for part in parts] for name in targets}
    return Blend(choice.kind, weights, grids)


def _as_predictions(like: Predictions, fold: NDArray[np.int64], probs: Mapping[str, NDArray[Any]]) -> Predictions:
    return Predictions(like.task, like.ids, fold, dict(probs))
