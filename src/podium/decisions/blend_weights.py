"""Weights of the models of an ensemble, chosen on labelled rows that none of them was trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from podium.decisions.blend import Blend, BlendKind, rank_grid
from podium.decisions.mixtures import draw_subsets, score_mixtures
from podium.errors import UnknownNameError, UsageError
from podium.listing import count_of
from podium.metrics import Metric, score
from podium.tables import Head, Task

__all__ = ["N_SUBSETS", "Choice", "Weighing", "best_subsets", "choose_weights"]

FloatArray = NDArray[np.float64]
Weighing = Literal["equal", "search", "greedy", "subset", "stack"]
"""How weights are found: all the same; those with the least log loss (convex, "mean" only); or by adding, one after the
other and with repetition, the model that lifts the metric most; the same for the best of
many subsets; or no weights but a regression, see `fit_stack`."""

_NEEDS_MEAN = {
    "search": "weights are searched for means of probabilities",
    "subset": "subsets are of means of probabilities",
    "stack": "a stack is of the logits and takes the blend 'mean'",
}
N_SUBSETS = 1000
_MOST_STEPS = 50
_EM_STEPS = 500
_SETTLED = 1e-7


@dataclass(frozen=True)
class Choice:
    """What is chosen, and how.

    Args:
        kind: What is averaged.
        weighing: How weights are found, or the weights themselves, one a model; they need not sum to 1.
        n_subsets: Subsets to try with "subset".
    """

    kind: BlendKind = "mean"
    weighing: Weighing | tuple[float, ...] = "equal"
    n_subsets: int = N_SUBSETS

    def __post_init__(self) -> None:
        if self.kind not in get_args(BlendKind):
            raise UnknownNameError("kind of blend", self.kind, get_args(BlendKind), field="blend")
        if isinstance(self.weighing, str):
            if self.weighing not in get_args(Weighing):
                raise UnknownNameError("way to weigh", self.weighing, get_args(Weighing), field="weights")
            if self.weighing in _NEEDS_MEAN and self.kind != "mean":
                raise UsageError(
                    f"{_NEEDS_MEAN[self.weighing]}, not {self.kind!r}.",
                    field="weights",
                    fix="Choose them by 'greedy'.",
                )
        elif not all(0 <= weight < float("inf") for weight in self.weighing) or not sum(self.weighing):
            raise UsageError(f"the weights are {list(self.weighing)}; none may be below 0.", field="weights")

    @property
    def learns(self) -> bool:
        """Whether labels choose the weights, so that rows which chose them cannot judge them."""
        return self.weighing in ("search", "greedy", "subset", "stack")


def choose_weights(
    choice: Choice,
    parts: Sequence[NDArray[np.floating[Any]]],
    labels: NDArray[np.integer[Any]],
    metric: Metric,
    head: Head,
) -> tuple[float, ...]:
    """Weights for one target; they sum to 1.

    Args:
        choice: How.
        parts: Per model, probabilities of the target, shape (N, C), of rows that it was not trained on.
        labels: Labels of these rows; -1 is missing.
        metric: What greedy selection lifts.
        head: The target.

    Raises:
        UsageError: If there are not as many given weights as models.

    Source:
        Caruana et al. 2004, "Ensemble Selection from Libraries of Models" (greedy, with replacement).
        Dempster, Laird and Rubin 1977 (the steps that lower the log loss of a mixture whose components are fixed).
    """
    if not isinstance(choice.weighing, str):
        if len(choice.weighing) != len(parts):
            given = count_of(len(choice.weighing), "weight is", "weights are")
            raise UsageError(
                f"{given} given for {count_of(len(parts), 'model')}.",
                field="weights",
                fix="Give one each.",
            )
        return tuple(weight / sum(choice.weighing) for weight in choice.weighing)
    known = (labels >= 0).any(axis=1) if head.is_multi else labels >= 0
    if choice.weighing == "equal" or len(parts) == 1 or not known.any():
        return (1 / len(parts),) * len(parts)
    probs = [np.asarray(part, dtype=np.float64)[known] for part in parts]
    if choice.weighing == "search":
        return _least_log_loss(probs, labels[known], head)
    if choice.weighing == "subset":
        return best_subsets(probs, labels[known], metric, head, choice.n_subsets)[0][1]
    return _greedy(choice.kind, probs, labels[known], metric, head)


def _least_log_loss(probs: Sequence[FloatArray], labels: NDArray[Any], head: Head) -> tuple[float, ...]:
    truths = np.stack([_prob_of_truth(values, labels, head) for values in probs])  # (M, n)
    weights = np.full(len(probs), 1 / len(probs))
    for _ in range(_EM_STEPS):
        mixed = weights @ truths
        shares = weights * (truths / np.maximum(mixed, 1e-12)).mean(axis=1)
        shares /= shares.sum()
        is_settled = np.abs(shares - weights).max() < _SETTLED
        weights = shares
        if is_settled:
            break
    weights[weights < 1e-4] = 0
    return tuple((weights / weights.sum()).tolist())


def _prob_of_truth(probs: FloatArray, labels: NDArray[Any], head: Head) -> FloatArray:
    if not head.is_multi:
        return np.asarray(probs[np.arange(len(labels)), labels])
    known = labels >= 0
    return np.asarray(np.where(labels == 1, probs, 1 - probs)[known])


def best_subsets(
    probs: Sequence[NDArray[np.floating[Any]]],
    labels: NDArray[np.integer[Any]],
    metric: Metric,
    head: Head,
    n_subsets: int = N_SUBSETS,
) -> list[tuple[float, tuple[float, ...]]]:
    """Score and weights of subsets of models, all of one weight, the best first; among equals the smallest.

    The score of the best is too good: it was chosen by these rows.

    Args:
        probs: Per model, probabilities, shape (N, C).
        labels: Their labels; -1 is missing.
        metric: What is compared.
        head: The target.
        n_subsets: Subsets to try, see `draw_subsets`.
    """
    sign = 1 if metric.greater_is_better else -1
    alone = sign * score_mixtures(probs, np.eye(len(probs)), labels, metric, head)
    chosen = draw_subsets(len(probs), n_subsets, np.argsort(-alone, kind="stable").tolist())
    weights = chosen / chosen.sum(axis=1, keepdims=True)
    values = np.nan_to_num(sign * score_mixtures(probs, weights, labels, metric, head), nan=-np.inf)
    order = np.lexsort((chosen.sum(axis=1), -values))
    return [(float(sign * values[place]), tuple(weights[place].tolist())) for place in order]


def _greedy(
    kind: BlendKind, probs: Sequence[FloatArray], labels: NDArray[Any], metric: Metric, head: Head
) -> tuple[float, ...]:
    sign = 1 if metric.greater_is_better else -1
    if kind == "mean":

        def judge_means(tries: FloatArray) -> FloatArray:
            weights = tries / tries.sum(axis=1, keepdims=True)
            values = sign * score_mixtures(probs, weights, labels, metric, head, dtype=np.float64)
            return np.nan_to_num(values, nan=-np.inf)

        return _add_one_by_one(judge_means, len(probs))
    task = Task((head,))
    grids = {head.name: [rank_grid(values) for values in probs]} if kind == "ranks" else {}
    parts = [{head.name: values} for values in probs]

    def judge(counts: FloatArray) -> float:
        blend = Blend(kind, {head.name: tuple(counts / counts.sum())}, grids)
        value = sign * score(metric, blend.combine(parts, task)[head.name], labels, head)
        return -np.inf if np.isnan(value) else value

    return _add_one_by_one(lambda tries: np.array([judge(one) for one in tries]), len(probs))


def _add_one_by_one(judge: Callable[[FloatArray], FloatArray], n: int) -> tuple[float, ...]:
    """The best counts on the way, as shares. Among equals the fewest additions win."""
    counts, best, best_value = np.zeros(n), np.zeros(n), -np.inf
    for _ in range(min(_MOST_STEPS, 5 * n)):
        tries = counts + np.eye(n)
        values = judge(tries)
        place = int(np.argmax(values))
        counts = tries[place]
        if values[place] > best_value:
            best, best_value = counts, values[place]
    if not best.sum():
        best = np.ones(n)
    return tuple((best / best.sum()).tolist())
