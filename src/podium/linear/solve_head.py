"""A head solved: the kind and the strength that inner folds choose, fitted to all rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from podium.linear.final_fit import fit_discriminant, fit_logistic, sum_all
from podium.linear.head_problem import HeadKindName, HeadProblem, HeadWish
from podium.linear.inner_folds import InnerFolds, Tried
from podium.linear.strength_search import best_strength, search_strength
from podium.linear.strength_units import from_penalty, to_penalty
from podium.metrics import metric as find_metric
from podium.stopping import StopRequest

__all__ = ["Candidate", "SolvedHead", "solve_head"]

MOST_WORK = 3e10
"""Rows times features times classes beyond which logistic regression is left out: one pass would take a second."""
_START = {"logistic": 0.1, "lda": 1.0, "ridge": 1.0}


@dataclass(frozen=True)
class Candidate:
    """A kind of head at its best strength.

    Args:
        kind: "logistic", "lda" or "ridge".
        strength: In its own unit: C, shrinkage or alpha.
        score: The metric over the inner folds; nan where there are none, or it is not defined.
        log_loss: Log loss over the inner folds; nan where there are none.
    """

    kind: HeadKindName
    strength: float
    score: float = math.nan
    log_loss: float = math.nan

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; a number that is none is None."""
        numbers = {"strength": self.strength, "score": self.score, "log_loss": self.log_loss}
        return {"kind": self.kind} | {name: value if math.isfinite(value) else None for name, value in numbers.items()}


@dataclass(frozen=True, eq=False)
class SolvedHead:
    """Weights and biases on standardised features.

    Args:
        weights: Shape (D, C).
        biases: Shape (C,).
        candidates: What it was chosen from, the chosen one first.
        metric: Metric of their scores.
        n_parts: Number of inner folds; 0 where nothing could be judged.
    """

    weights: Tensor
    biases: Tensor
    candidates: tuple[Candidate, ...]
    metric: str
    n_parts: int

    def to_dict(self) -> dict[str, Any]:
        """What was chosen and why, JSON-ready."""
        candidates = [item.to_dict() for item in self.candidates]
        return {"metric": self.metric, "inner_folds": self.n_parts, "candidates": candidates}


def solve_head(problem: HeadProblem, wish: HeadWish, stop: StopRequest) -> SolvedHead:
    """Choose by the inner folds, then fit to all rows and views.

    The strength of a kind is that of the least log loss out of fold. So is the kind, unless another has a better metric
    by more than a standard error over the inner folds: then it is the one of the best metric. Where nothing can be
    judged, the first kind is fitted at its usual strength.

    Args:
        problem: What is solved.
        wish: What to choose from.
        stop: Asked before every candidate.

    Raises:
        Stopped: If it was asked for.
    """
    kinds = _affordable(problem, wish)
    inner = None if problem.part is None else InnerFolds(problem, stop)
    if inner is None or not inner.can_judge:
        return _solve_blindly(problem, kinds[0], wish.strength)
    choices = {kind: _choose_strength(kind, inner, wish.strength) for kind in kinds}
    found = [(_candidate(problem, penalty, tried, inner), penalty, tried) for penalty, tried in choices.values()]
    sign = 1 if find_metric(problem.metric).greater_is_better else -1
    found.sort(key=lambda item: (_or_worst(sign * item[0].score), -item[0].log_loss), reverse=True)
    surest = min(found, key=lambda item: item[0].log_loss)
    if surest is not found[0] and not inner.is_clearly_better(found[0][2], surest[2]):
        found = [surest, *(item for item in found if item is not surest)]
    stop.check()
    chosen, penalty, tried = found[0]
    if chosen.kind == "logistic":
        weights, biases = fit_logistic(problem, penalty, inner)
    else:
        weights, biases = fit_discriminant(problem, chosen.kind, penalty, tried.calibration)
    return SolvedHead(weights, biases, tuple(item[0] for item in found), problem.metric, inner.n_parts)


def _affordable(problem: HeadProblem, wish: HeadWish) -> tuple[HeadKindName, ...]:
    """The kinds that fit the head, in the time that there is."""
    kinds = wish.kinds
    if len(kinds) > 1 and problem.head.is_multi:
        kinds = tuple(kind for kind in kinds if kind != "lda" and not (kind == "ridge" and problem.weights is not None))
    work = len(problem.source) * problem.source.n_features * problem.head.n_classes
    return tuple(kind for kind in kinds if kind != "logistic" or work <= MOST_WORK) or kinds


def _choose_strength(kind: HeadKindName, inner: InnerFolds, strength: float | None) -> tuple[float, Tried]:
    """The penalty on all rows, and how it does in the inner folds."""

    def evaluate(penalty: float) -> float:
        return inner.try_logistic(penalty) if kind == "logistic" else inner.try_discriminant(kind, penalty)

    n, problem, total = len(inner.problem.source.rows), inner.problem, inner.total
    if strength is not None:
        tried = to_penalty(kind, strength, inner.n_fitted, problem, total)
        penalty = to_penalty(kind, strength, n, problem, total)
    else:
        tried = best_strength(search_strength(evaluate, _START[kind]))
        # C counts against a sum, so that the penalty on the mean falls with the number of rows. What is added to a
        # covariance stays: the slope that calibrates the logits belongs to it.
        penalty = tried * inner.n_fitted / n if kind == "logistic" else tried
    evaluate(tried)
    return penalty, inner.find(kind, tried)


def _candidate(problem: HeadProblem, penalty: float, tried: Tried, inner: InnerFolds) -> Candidate:
    strength = from_penalty(tried.kind, penalty, len(problem.source.rows), problem, inner.total)
    return Candidate(tried.kind, strength, inner.score(tried), tried.log_loss)


def _or_worst(score: float) -> float:
    return score if math.isfinite(score) else -math.inf


def _solve_blindly(problem: HeadProblem, kind: HeadKindName, strength: float | None) -> SolvedHead:
    n, total = len(problem.source.rows), sum_all(problem)
    penalty = _START[kind] if strength is None else to_penalty(kind, strength, n, problem, total)
    if kind == "logistic":
        weights, biases = fit_logistic(problem, penalty, None)
    else:
        weights, biases = fit_discriminant(problem, kind, penalty, None)
    candidate = Candidate(kind, from_penalty(kind, penalty, n, problem, total))
    return SolvedHead(weights, biases, (candidate,), problem.metric, 0)
