"""The last fit: kinds of heads at one strength each, on every row in every view."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor

from podium.linear.calibration import Calibration
from podium.linear.design import Design, make_design
from podium.linear.discriminant import LinearMap, lda, ridge, solve_cross
from podium.linear.head_problem import HeadKindName, HeadProblem
from podium.linear.inner_folds import InnerFolds
from podium.linear.logistic import LogisticProblems
from podium.linear.moments import Moments, sum_parts
from podium.linear.preconditioner import Preconditioner, make_preconditioner

__all__ = ["FinalFit"]

TOLERANCE = 1e-3
"""Of logistic regression: probabilities are then within 0.01 of the exact ones."""
_SMALL = 1e-2
"""Penalty on a covariance of standardised features from which single precision is good to four digits."""
_UNJUDGED_SLOPE = {"lda": 1.0, "ridge": 8.0}
"""Where no inner fold says better: a regression onto 0 and 1 is far too flat for a softmax."""


@dataclass(eq=False)
class FinalFit:
    """Fits to every row in every view; several kinds share what they can.

    Args:
        problem: What is solved.
        inner: Whose preconditioner serves again where it can.
    """

    problem: HeadProblem
    inner: InnerFolds | None

    @cached_property
    def design(self) -> Design:
        """Features of every row in every view."""
        return make_design(self.problem.source)

    @cached_property
    def moments(self) -> Moments:
        """Of them."""
        weights = _repeat(self.problem, self.problem.moment_weights)
        target = _repeat(self.problem, self.problem.target)
        return sum_parts(self.design, target, weights, torch.zeros_like(weights), 1)[0]

    def fit(self, kind: HeadKindName, penalty: float, calibration: Calibration | None) -> LinearMap:
        """Weights (D, C) and biases (C,) on the features, calibrated.

        Args:
            kind: "logistic", "lda" or "ridge".
            penalty: On the mean loss, or added to the covariance.
            calibration: From out-of-fold logits; None where there are none.
        """
        weights, biases = (self._logistic if kind == "logistic" else partial(self._discriminant, kind))(penalty)
        if calibration is None and kind != "logistic":
            slope = torch.tensor(_UNJUDGED_SLOPE[kind], dtype=torch.float64, device=weights.device)
            calibration = Calibration(slope, -slope / 2 if self.problem.head.is_multi else torch.zeros_like(slope))
        weights = self.design.to_features(weights)
        if calibration is not None:
            weights, biases = weights * calibration.slope, calibration.apply(biases)
        return _rule_out(self.problem, weights, biases)

    def _logistic(self, penalty: float) -> LinearMap:
        problem, design = self.problem, self.design
        target, weights = _repeat(problem, problem.target), _repeat(problem, problem.row_weights) / len(design)
        is_present, is_multi = _is_present(problem)[None], problem.head.is_multi
        single = LogisticProblems(design, target, weights[:, None], is_present, is_multi, self._preconditioner)
        point = single.solve(target.new_tensor([penalty]), tolerance=TOLERANCE)[:, 0]
        return point[:-1], point[-1]

    @property
    def _preconditioner(self) -> Preconditioner:
        inner = self.inner
        if inner is not None and not self.design.is_turned and not inner.design.is_turned:
            return inner.preconditioner
        return make_preconditioner(self.moments.second / self.moments.weight)

    def _discriminant(self, kind: HeadKindName, penalty: float) -> LinearMap:
        moments = self.moments
        covariance = moments.covariance if penalty < _SMALL else moments.covariance.float()
        solved = solve_cross(covariance, moments.cross_covariance, penalty)
        return (lda if kind == "lda" else ridge)(moments, solved)


def _repeat(problem: HeadProblem, values: Tensor) -> Tensor:
    """The same values for every view."""
    n_views = problem.source.n_views
    return values if n_views == 1 else values.repeat(n_views, *[1] * (values.ndim - 1))


def _is_present(problem: HeadProblem) -> Tensor:
    if problem.head.is_multi:
        return problem.target.new_ones(problem.head.n_classes, dtype=torch.bool)
    return (problem.target * problem.row_weights).sum(dim=0) > 0


def _rule_out(problem: HeadProblem, weights: Tensor, biases: Tensor) -> LinearMap:
    """With classes that no row has as improbable as half a row would make them, whatever the image."""
    is_present = _is_present(problem)
    if bool(is_present.all()):
        return weights, biases
    known = weights[:, is_present].mean(dim=1, keepdim=True)
    level = biases[is_present].mean() - torch.tensor(2.0 * len(problem.target)).log()
    return torch.where(is_present, weights - known, 0.0), torch.where(is_present, biases, level.to(biases.dtype))
