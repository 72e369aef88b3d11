from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge

from linear.conftest import C, N, make_problem
from podium.linear.design import make_design
from podium.linear.discriminant import lda, ridge, solve_cross
from podium.linear.moments import Moments, sum_parts
from podium.linear.strength_units import from_penalty, to_penalty


def moments_of(problem, weights: torch.Tensor) -> tuple[NDArray[np.float64], Moments]:  # type: ignore[no-untyped-def]
    design = make_design(problem.source)
    assert design.matrix is not None
    parts = sum_parts(design, problem.target, weights, torch.zeros(len(weights)), 1)
    return design.matrix.double().numpy(), parts[0]


@pytest.mark.parametrize("shrinkage", [0.01, 0.3, 0.9])
@pytest.mark.parametrize("is_balanced", [False, True])
def test_lda_agrees_with_scikit_learn(
    features: NDArray[np.float32], labels: NDArray[np.int64], shrinkage: float, is_balanced: bool
) -> None:
    problem = make_problem(features, labels)
    counts = np.bincount(labels)
    weights = N / (C * counts)[labels] if is_balanced else np.ones(N)
    x, moments = moments_of(problem, torch.from_numpy(weights).float())
    penalty = to_penalty("lda", shrinkage, N, problem, moments)
    assert from_penalty("lda", penalty, N, problem, moments) == pytest.approx(shrinkage)
    found, biases = lda(moments, solve_cross(moments.covariance, moments.cross_covariance, penalty))
    priors = np.full(C, 1 / C) if is_balanced else None
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=priors).fit(x, labels)
    # scikit-learn shrinks (1 - s) W + s t I, which is 1 - s times W + strength I, and puts the factor into its logits.
    log_prior = np.log(theirs.priors_)
    logits = (x @ found.numpy() + biases.numpy() - log_prior) / (1 - shrinkage) + log_prior
    mine = torch.from_numpy(logits).softmax(1).numpy()
    np.testing.assert_allclose(mine, theirs.predict_proba(x), atol=1e-4)


def test_ridge_agrees_with_scikit_learn(features: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    problem = make_problem(features, labels)
    x, moments = moments_of(problem, torch.ones(N))
    penalty = to_penalty("ridge", 12.0, N, problem, moments)
    weights, biases = ridge(moments, solve_cross(moments.covariance, moments.cross_covariance, penalty))
    theirs = Ridge(alpha=12.0).fit(x, problem.target.numpy())
    np.testing.assert_allclose(weights.T, theirs.coef_, atol=1e-5)
    np.testing.assert_allclose(biases, theirs.intercept_, atol=1e-5)


def test_a_class_without_rows_is_ruled_out(features: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    problem = make_problem(features, np.where(labels == 3, 0, labels))
    _, moments = moments_of(problem, torch.ones(N))
    weights, biases = lda(moments, solve_cross(moments.covariance, moments.cross_covariance, 0.5))
    assert not weights[:, 3].any()
    assert biases[3] == -torch.inf
    assert torch.isfinite(weights).all()
    assert torch.isfinite(biases[:3]).all()


def test_a_covariance_that_rounding_made_indefinite_is_solved_too() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(5, 40, generator=generator, dtype=torch.float64)
    covariance = rows.T @ rows / 5
    cross = covariance @ torch.randn(40, 3, generator=generator, dtype=torch.float64)
    broken = covariance.float()
    broken.diagonal().sub_(1e-4)
    strength = 1e-5
    solved = solve_cross(broken, cross, strength)
    exact = torch.linalg.solve(covariance + strength * torch.eye(40, dtype=torch.float64), cross)
    assert torch.isfinite(solved).all()
    torch.testing.assert_close(rows @ solved, rows @ exact, rtol=1e-2, atol=1e-3)
