"""A head solved: the kind and the strength that inner folds choose, fitted to all rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from podium.linear.discriminant import LinearMap
from podium.linear.final_fit import FinalFit
from podium.linear.head_problem import HeadKindName, HeadProblem, HeadWish, SolvedKindName
from podium.linear.inner_folds import InnerFolds, Tried
from podium.linear.strength_search import best_strength, search_strength
from podium.linear.strength_units import from_penalty, to_penalty
from podium.stopping import StopRequest

__all__ = ["Candidate", "SolvedHead", "solve_head"]

MOST_WORK = 3e10
"""Rows times features times classes beyond which logistic regression is left out: one pass would take a second."""
_START = {"logistic": 0.1, "lda": 1.0, "ridge": 1.0}
_WEAKER = 3
"""Half decades below the strength of the least log loss that are tried. Where classes are rare, macro F1 and accuracy
are best there: on 2,624 solar cells macro F1 rises from 0.55 to 0.60, and the temperature mends the log loss."""


@dataclass(frozen=True)
class Candidate:
    """A kind of head at its best strength.

    Args:
        kind: "logistic", "lda", "ridge" or "nearest".
        strength: In its own unit: C, shrinkage, alpha, or the number of neighbours.
        score: The metric over the inner folds; nan where there are none, or it is not defined.
        log_loss: Log loss over the inner folds; nan where there are none.
        factor: Of its logits in the sum that is the head; 0 where it takes no part.
    """

    kind: SolvedKindName
    strength: float
    score: float = math.nan
    log_loss: float = math.nan
    factor: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; a number that is none is None."""
        numbers = {"strength": self.strength, "score": self.score, "log_loss": self.log_loss, "factor": self.factor}
        return {"kind": self.kind} | {name: value if math.isfinite(value) else None for name, value in numbers.items()}


@dataclass(frozen=True, eq=False)
class SolvedHead:
    """Weights and biases on standardised features.

    Args:
        weights: Shape (D, C).
        biases: Shape (C,).
        candidates: The kinds, each at its best strength, by falling factor.
        metric: Metric of the scores.
        n_parts: Number of inner folds; 0 where nothing could be judged.
        score: The metric of the head over the inner folds; nan where there are none, or it is not defined.
        log_loss: Its log loss over the inner folds; nan where there are none.
    """

    weights: Tensor
    biases: Tensor
    candidates: tuple[Candidate, ...]
    metric: str
    n_parts: int
    score: float = math.nan
    log_loss: float = math.nan

    def to_dict(self) -> dict[str, Any]:
        """What was chosen and why, JSON-ready."""
        candidates = [item.to_dict() for item in self.candidates]
        numbers = {"score": self.score, "log_loss": self.log_loss}
        found = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
        return {"metric": self.metric, "inner_folds": self.n_parts} | found | {"candidates": candidates}


def solve_head(problem: HeadProblem, wish: HeadWish, stop: StopRequest) -> SolvedHead:
    """Choose by the inner folds, then fit to all rows and views.

    The strength of a kind is that of the least log loss out of fold, or a weaker one whose metric is better by more
    than a standard error over the inner folds. The kinds are then pooled: the head is the sum of their logits that has
    the least log loss. Where nothing can be judged, the first kind is fitted at its usual strength.

    Args:
        problem: What is solved.
        wish: What to choose from.
        stop: Asked before every candidate.

    Raises:
        Stopped: If it was asked for.
    """
    kinds = _affordable(problem, wish)
    inner = None if problem.part is None else InnerFolds(problem, stop, is_calibrated=wish.strength is None)
    if inner is None or not inner.can_judge:
        return _solve_blindly(problem, kinds[0], wish.strength)
    chosen = [_choose(_try_kind(kind, inner, wish.strength), inner) for kind in kinds]
    stop.check()
    factors, pooled = inner.pool([item.tried for item in chosen])
    weights, biases = _fit(problem, chosen, factors, inner)
    described = [_describe(*pair, inner) for pair in zip(chosen, factors.tolist(), strict=True)]
    described.sort(key=lambda item: -item.factor)
    score = inner.score(pooled)
    return SolvedHead(weights, biases, tuple(described), problem.metric, inner.n_parts, score, pooled.log_loss)


def _fit(problem: HeadProblem, chosen: list[_Found], factors: Tensor, inner: InnerFolds) -> LinearMap:
    """The sum of the kinds, each fitted to all rows."""
    final = FinalFit(problem, inner)
    total: LinearMap | None = None
    for item, factor in zip(chosen, factors, strict=True):
        if factor > 0:
            assert item.tried.kind != "nearest"
            weights, biases = final.fit(item.tried.kind, item.penalty, item.tried.calibration)
            mine = factor * weights, factor * biases
            total = mine if total is None else (total[0] + mine[0], total[1] + mine[1])
    assert total is not None
    return total


@dataclass(frozen=True, eq=False)
class _Found:
    """A candidate: its penalty on all rows, how it does in the inner folds, and its metric, greater being better."""

    penalty: float
    tried: Tried
    merit: float


def _merit(found: _Found) -> tuple[float, float]:
    return found.merit, -found.tried.log_loss


def _choose(found: list[_Found], inner: InnerFolds) -> _Found:
    """Of a kind the strength of the least log loss, or of the best metric where that is clearly better."""
    best, surest = max(found, key=_merit), min(found, key=lambda item: item.tried.log_loss)
    return best if inner.is_clearly_better(best.tried, surest.tried) else surest


def _affordable(problem: HeadProblem, wish: HeadWish) -> tuple[HeadKindName, ...]:
    """The kinds that fit the head, in the time that there is."""
    kinds = wish.kinds
    if len(kinds) > 1:  # ridge regression looks along the directions of LDA; it stands in for it with several labels
        kinds = tuple(kind for kind in kinds if kind != ("lda" if problem.head.is_multi else "ridge"))
        if problem.weights is not None and problem.head.is_multi:
            kinds = tuple(kind for kind in kinds if kind != "ridge")
    work = len(problem.source) * problem.source.n_features * problem.head.n_classes
    return tuple(kind for kind in kinds if kind != "logistic" or work <= MOST_WORK) or kinds


def _try_kind(kind: HeadKindName, inner: InnerFolds, strength: float | None) -> list[_Found]:
    """The strength that was asked for; or that of the least log loss, and weaker ones while the metric rises."""

    def evaluate(penalty: float) -> float:
        return inner.try_logistic(penalty) if kind == "logistic" else inner.try_discriminant(kind, penalty)

    def find(tried: float) -> _Found:
        evaluate(tried)
        n = len(inner.problem.source.rows)
        # C counts against a sum, so that the penalty on the mean falls with the number of rows. What is added to a
        # covariance stays: the slope that calibrates the logits belongs to it.
        penalty = tried * inner.n_fitted / n if kind == "logistic" else tried
        result = inner.find(kind, tried)
        return _Found(penalty, result, inner.merit(result))

    if strength is not None:
        tried = find(to_penalty(kind, strength, inner.n_fitted, inner.problem, inner.total))
        penalty = to_penalty(kind, strength, len(inner.problem.source.rows), inner.problem, inner.total)
        return [replace(tried, penalty=penalty)]
    found = [find(best_strength(search_strength(evaluate, _START[kind])))]
    for _ in range(_WEAKER):
        found.append(find(found[-1].tried.penalty / math.sqrt(10)))
        if not found[-1].merit > found[-2].merit:
            break
    return found


def _describe(found: _Found, factor: float, inner: InnerFolds) -> Candidate:
    problem, tried = inner.problem, found.tried
    assert tried.kind != "nearest"
    strength = from_penalty(tried.kind, found.penalty, len(problem.source.rows), problem, inner.total)
    return Candidate(tried.kind, strength, inner.score(tried), tried.log_loss, factor)


def _solve_blindly(problem: HeadProblem, kind: HeadKindName, strength: float | None) -> SolvedHead:
    n, final = len(problem.source.rows), FinalFit(problem, None)
    penalty = _START[kind] if strength is None else to_penalty(kind, strength, n, problem, final.moments)
    weights, biases = final.fit(kind, penalty, None)
    candidate = Candidate(kind, from_penalty(kind, penalty, n, problem, final.moments))
    return SolvedHead(weights, biases, (candidate,), problem.metric, 0)
