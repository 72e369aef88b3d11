"""The last fit: one kind of head at one strength, on every row in every view."""

from __future__ import annotations

import torch
from torch import Tensor

from podium.linear.calibration import Calibration
from podium.linear.design import Design, make_design
from podium.linear.discriminant import LinearMap, lda, ridge, solve_cross
from podium.linear.head_problem import HeadKindName, HeadProblem
from podium.linear.inner_folds import InnerFolds
from podium.linear.logistic import LogisticProblems
from podium.linear.moments import Moments, sum_parts
from podium.linear.preconditioner import make_preconditioner

__all__ = ["fit_discriminant", "fit_logistic", "sum_all"]

TOLERANCE = 1e-3
"""Of logistic regression: probabilities are then within 0.01 of the exact ones."""
_UNJUDGED_SLOPE = {"lda": 1.0, "ridge": 8.0}
"""Where no inner fold says better: a regression onto 0 and 1 is far too flat for a softmax."""


def fit_logistic(
    problem: HeadProblem, penalty: float, inner: InnerFolds | None, calibration: Calibration | None
) -> LinearMap:
    """Weights (D, C) and biases (C,) of logistic regression on the features, calibrated.

    Args:
        problem: What is solved.
        penalty: On the mean loss.
        inner: Whose preconditioner serves again where it can.
        calibration: From out-of-fold logits; None where there are none.
    """
    design = make_design(problem.source)
    if inner is not None and design.axes is None and inner.design.axes is None:
        preconditioner = inner.preconditioner
    else:
        total = _moments(problem, design)
        preconditioner = make_preconditioner(total.second / total.weight)
    target, weights = _repeat(problem, problem.target), _repeat(problem, problem.row_weights)
    is_present = _is_present(problem)
    single = LogisticProblems(
        design, target, weights[:, None] / len(design), is_present[None], problem.head.is_multi, preconditioner
    )
    point = single.solve(target.new_tensor([penalty]), tolerance=TOLERANCE)[:, 0]
    weights, biases = design.to_features(point[:-1]), point[-1]
    if calibration is not None:
        weights, biases = weights * calibration.slope, calibration.apply(biases)
    return _rule_out(problem, weights, biases)


def fit_discriminant(
    problem: HeadProblem, kind: HeadKindName, penalty: float, calibration: Calibration | None
) -> LinearMap:
    """Weights (D, C) and biases (C,) of LDA or ridge regression, calibrated.

    Args:
        problem: What is solved.
        kind: "lda" or "ridge".
        penalty: Added to the covariance.
        calibration: From out-of-fold logits; None where there are none.
    """
    design = make_design(problem.source)
    moments = _moments(problem, design)
    solved = solve_cross(moments.covariance, moments.cross_covariance, penalty)
    weights, biases = (lda if kind == "lda" else ridge)(moments, solved)
    slope = torch.tensor(_UNJUDGED_SLOPE[kind], dtype=torch.float64, device=weights.device)
    offset = -slope / 2 if problem.head.is_multi else torch.zeros_like(slope)
    fitted = calibration or Calibration(slope, offset)
    return _rule_out(problem, design.to_features(weights) * fitted.slope, fitted.apply(biases))


def sum_all(problem: HeadProblem) -> Moments:
    """The moments of every row in every view."""
    return _moments(problem, make_design(problem.source))


def _moments(problem: HeadProblem, design: Design) -> Moments:
    weights = _repeat(problem, problem.moment_weights)
    return sum_parts(design, _repeat(problem, problem.target), weights, torch.zeros_like(weights), 1)[0]


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
