"""A head of nearest neighbours: how many of them, and the temperature, by inner folds; then all rows remembered."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from podium.linear.calibration import Calibration
from podium.linear.head_problem import HeadProblem
from podium.linear.inner_folds import InnerFolds, Tried
from podium.linear.nearest_layer import NearestLayer, make_prototypes, nearest_cosines, sets_of
from podium.linear.solve_head import Candidate
from podium.stopping import StopRequest

__all__ = ["NearestWish", "SolvedNearest", "solve_nearest"]

COUNTS = (1, 3, 10)
PROTOTYPES: Literal["prototypes"] = "prototypes"
USUAL_TEMPERATURE = 0.07
"""Of Wu et al. 2018, where no inner fold says better."""
MOST_KEPT = 2**27
"""Numbers beyond which only prototypes are tried: half a gigabyte in every file of weights."""


@dataclass(frozen=True)
class NearestWish:
    """What somebody wants; None chooses it.

    Args:
        neighbours: Neighbours of each class, or "prototypes".
        temperature: What scores are divided by.
    """

    neighbours: int | Literal["prototypes"] | None = None
    temperature: float | None = None


@dataclass(frozen=True, eq=False)
class SolvedNearest:
    """What a `NearestLayer` remembers.

    Args:
        rows: Standardised features, or mean directions, shape (M, D).
        marks: Their classes, shape (M, C).
        n_neighbours: Neighbours of each class.
        calibration: Scores to logits.
        candidates: Numbers of neighbours that were compared, the chosen one first.
        metric: Metric of their scores.
        n_parts: Number of inner folds; 0 where nothing could be judged.
    """

    rows: Tensor
    marks: Tensor
    n_neighbours: int
    calibration: Calibration
    candidates: tuple[Candidate, ...]
    metric: str
    n_parts: int

    def to_dict(self) -> dict[str, Any]:
        """What was chosen and why, JSON-ready; a strength of None stands for prototypes."""
        candidates = [item.to_dict() for item in self.candidates]
        return {"metric": self.metric, "inner_folds": self.n_parts, "candidates": candidates}

    def remember_in(self, layer: NearestLayer) -> None:
        """Put it into a layer."""
        layer.remember(self.rows, self.marks, self.n_neighbours, self.calibration.slope, self.calibration.offset)


def solve_nearest(problem: HeadProblem, wish: NearestWish, stop: StopRequest) -> SolvedNearest:
    """Choose the number of neighbours and the temperature out of fold, then remember all rows in all views.

    The number is that of the least log loss over the inner folds, unless another has a better metric by more than a
    standard error. Rows of weight 0 are not remembered; other weights of rows or classes have no part, and a soft
    label counts as its most probable class.

    Args:
        problem: What is solved.
        wish: What is given already.
        stop: Asked before every inner fold.

    Raises:
        Stopped: If it was asked for.
    """
    counts = _counts_for(problem, wish)
    inner = None if problem.part is None else InnerFolds(problem, stop)
    if inner is None or not inner.can_judge:
        candidates = (Candidate("nearest", float(counts[0])),)
        return _remember(problem, counts[0], _fixed(wish.temperature or USUAL_TEMPERATURE, problem), candidates, 0)
    tried = _try_all(inner, counts, wish.temperature)
    best = max(tried, key=lambda item: (inner.merit(item), -item.log_loss))
    surest = min(tried, key=lambda item: item.log_loss)
    chosen = best if inner.is_clearly_better(best, surest) else surest
    others = sorted((item for item in tried if item is not chosen), key=inner.merit, reverse=True)
    described = tuple(
        Candidate("nearest", item.penalty, inner.score(item), item.log_loss, factor=float(item is chosen))
        for item in (chosen, *others)
    )
    return _remember(problem, chosen.penalty, chosen.calibration, described, inner.n_parts)


def _counts_for(problem: HeadProblem, wish: NearestWish) -> tuple[float, ...]:
    """Numbers of neighbours to try, infinity being prototypes."""
    if wish.neighbours is not None:
        return (math.inf if wish.neighbours == PROTOTYPES else float(wish.neighbours),)
    fits = len(problem.source) * problem.source.n_features <= MOST_KEPT
    return (*map(float, COUNTS), math.inf) if fits else (math.inf,)


def _try_all(inner: InnerFolds, counts: tuple[float, ...], temperature: float | None) -> list[Tried]:
    assert inner.design.matrix is not None, "rows for a choice are few enough to keep"
    is_multi = inner.problem.head.is_multi
    directions = functional.normalize(inner.design.matrix, dim=1)
    marks = _marks(inner.problem)[inner.rows]
    scores = directions.new_empty((len(counts), *marks.shape))
    for k in range(inner.n_parts):
        inner.stop.check()
        is_own = inner.part == k
        for place, found in enumerate(_scores(directions, marks, is_own, counts, is_multi=is_multi)):
            scores[place, is_own] = found
    tried = []
    for count, found in zip(counts, scores.double(), strict=True):
        logits = found if is_multi else found.masked_fill(~inner.is_present[inner.part], -torch.inf)
        fitted = inner.calibrate(logits) if temperature is None else _fixed(temperature, inner.problem)
        inner.note("nearest", count, logits, fitted)
        tried.append(inner.find("nearest", count))
    return tried


def _scores(
    directions: Tensor, marks: Tensor, is_own: Tensor, counts: tuple[float, ...], *, is_multi: bool
) -> list[Tensor]:
    """Scores of the rows of an inner fold, shape (b, C), by the other rows, for each number of neighbours."""
    own, rows, known = directions[is_own], directions[~is_own], marks[~is_own]
    finite = [int(count) for count in counts if math.isfinite(count)]
    found = (
        nearest_cosines(own @ rows.T, sets_of(known, is_multi=is_multi), finite, is_multi=is_multi) if finite else []
    )
    if len(finite) < len(counts):
        means, of = make_prototypes(rows, known, is_multi=is_multi)
        found += nearest_cosines(own @ means.T, sets_of(of, is_multi=is_multi), [1], is_multi=is_multi)
    return found


def _remember(
    problem: HeadProblem, count: float, calibration: Calibration, candidates: tuple[Candidate, ...], n_parts: int
) -> SolvedNearest:
    n_views = problem.source.n_views
    rows, marks = functional.normalize(problem.source.read(), dim=1), _marks(problem).repeat(n_views, 1)
    if problem.sample_weights is not None:
        counts_at_all = torch.as_tensor(problem.sample_weights > 0, device=rows.device).repeat(n_views)
        rows, marks = rows[counts_at_all], marks[counts_at_all]
    if math.isinf(count):
        rows, marks = make_prototypes(rows, marks, is_multi=problem.head.is_multi)
    n_neighbours = 1 if math.isinf(count) else int(count)
    return SolvedNearest(rows, marks, n_neighbours, calibration, candidates, problem.metric, n_parts)


def _marks(problem: HeadProblem) -> Tensor:
    """1 where a row has the class, 0 where not, -1 where it is unknown, int8 (n, C)."""
    labels = torch.as_tensor(problem.labels, device=problem.device)
    if not problem.head.is_multi:
        labels = functional.one_hot(labels.long(), problem.head.n_classes)
    return labels.to(torch.int8)


def _fixed(temperature: float, problem: HeadProblem) -> Calibration:
    slope = torch.tensor(1 / temperature, dtype=torch.float64, device=problem.device)
    return Calibration(slope, torch.zeros_like(slope))
