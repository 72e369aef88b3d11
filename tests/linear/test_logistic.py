from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from linear.conftest import N, make_problem, standardised
from podium.linear.design import make_design
from podium.linear.logistic import LogisticProblems
from podium.linear.preconditioner import make_preconditioner


def problems(features: NDArray[np.float32], labels: NDArray[np.int64], row_weights: torch.Tensor) -> LogisticProblems:
    problem = make_problem(features, labels)
    design = make_design(problem.source)
    assert design.matrix is not None
    present = torch.ones((row_weights.shape[1], problem.head.n_classes), dtype=torch.bool)
    second = design.matrix.T @ design.matrix / N
    is_multi = problem.head.is_multi
    return LogisticProblems(design, problem.target, row_weights, present, is_multi, make_preconditioner(second))


@pytest.mark.parametrize("strength", [0.003, 0.1, 10.0])
def test_agrees_with_scikit_learn(features: NDArray[np.float32], labels: NDArray[np.int64], strength: float) -> None:
    ours = problems(features, labels, torch.full((N, 1, 1), 1 / N))
    point = ours.solve(torch.tensor([1 / (strength * N)]), tolerance=1e-5)
    x = standardised(features).read().numpy().astype(np.float64)
    theirs = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000).fit(x, labels)
    np.testing.assert_allclose(ours.predict(point)[:, 0].softmax(1), theirs.predict_proba(x), atol=2e-4)
    np.testing.assert_allclose(point[:-1, 0].T, theirs.coef_, atol=2e-3)


@pytest.mark.long
def test_inner_folds_are_problems_of_their_own(features: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    part = np.random.default_rng(2).integers(0, 3, N)
    is_in = torch.from_numpy(np.stack([part != k for k in range(3)], axis=1)).float()[..., None]
    ours = problems(features, labels, is_in / is_in.sum(dim=0))
    probs = ours.predict(ours.solve(torch.full((3,), 0.05), tolerance=1e-5)).softmax(2)
    x = standardised(features).read().numpy().astype(np.float64)
    for k in range(3):
        rows = part != k
        theirs = LogisticRegression(C=1 / (0.05 * rows.sum()), tol=1e-10, max_iter=10_000).fit(x[rows], labels[rows])
        np.testing.assert_allclose(probs[:, k], theirs.predict_proba(x), atol=2e-4)


def test_each_label_is_a_sigmoid_with_its_own_rows(features: NDArray[np.float32], marks: NDArray[np.int64]) -> None:
    known = torch.ones((N, 1, 3))
    known[::5, 0, 1] = 0
    ours = problems(features, marks, known / N)
    probs = ours.predict(ours.solve(torch.tensor([0.02]), tolerance=1e-5))[:, 0].sigmoid()
    x = standardised(features).read().numpy().astype(np.float64)
    for label in range(3):
        rows = known[:, 0, label].numpy() > 0
        theirs = LogisticRegression(C=1 / (0.02 * N), tol=1e-10, max_iter=10_000).fit(x[rows], marks[rows, label])
        np.testing.assert_allclose(probs[:, label], theirs.predict_proba(x)[:, 1], atol=2e-4)


@pytest.mark.slow
def test_a_start_elsewhere_ends_at_the_same_point(features: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    ours = problems(features, labels, torch.full((N, 1, 1), 1 / N))
    penalty = torch.tensor([0.01])
    other = ours.solve(torch.tensor([1.0]), tolerance=1e-4)
    warm = ours.solve(penalty, other, tolerance=1e-5)
    cold = ours.solve(penalty, tolerance=1e-5)
    torch.testing.assert_close(warm[:-1], cold[:-1], atol=5e-4, rtol=0)
    torch.testing.assert_close(ours.predict(warm).softmax(2), ours.predict(cold).softmax(2), atol=2e-4, rtol=0)
