"""The strength of a penalty as each kind of head names it, and as all of them are compared."""

from __future__ import annotations

from podium.linear.head_problem import HeadKindName, HeadProblem
from podium.linear.moments import Moments

__all__ = ["from_penalty", "to_penalty"]


def to_penalty(kind: HeadKindName, strength: float, n_rows: float, problem: HeadProblem, moments: Moments) -> float:
    """The penalty on the mean loss, or what is added to the covariance, for C, a shrinkage or alpha.

    Args:
        kind: Whose strength it is.
        strength: C of logistic regression and alpha of ridge regression count against a sum over rows, as those of
            scikit-learn; the shrinkage of LDA is in (0, 1).
        n_rows: Rows that it is fitted to.
        problem: What is solved.
        moments: Of its rows.
    """
    if kind == "logistic":
        return 1 / (strength * n_rows)
    if kind == "ridge":
        return strength / n_rows
    return strength / (1 - strength) * _mean_variance_within(problem, moments)


def from_penalty(kind: HeadKindName, penalty: float, n_rows: float, problem: HeadProblem, moments: Moments) -> float:
    """C, shrinkage or alpha of a penalty: `to_penalty` the other way round."""
    if kind == "logistic":
        return 1 / (penalty * n_rows)
    if kind == "ridge":
        return penalty * n_rows
    return penalty / (penalty + _mean_variance_within(problem, moments))


def _mean_variance_within(problem: HeadProblem, moments: Moments) -> float:
    """Mean over the features of their variance within classes."""
    between = moments.cross_covariance.square().sum(dim=0) / moments.share.clamp_min(1e-30)
    return float((moments.covariance.trace() - between.sum()) / problem.source.n_features)
