from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Ridge

from linear.conftest import C, N, make_problem
from podium.errors import Stopped
from podium.linear import HEAD_KINDS, HeadWish, SolvedHead, solve_head
from podium.linear.head_problem import HeadKindName, HeadProblem
from podium.linear.pool import LEAST_FACTOR
from podium.stopping import StopRequest

STOP = StopRequest()


def logits_of(solved: SolvedHead, problem: HeadProblem) -> NDArray[np.float64]:
    return (problem.source.read().double() @ solved.weights.double() + solved.biases.double()).numpy()


@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_a_given_strength_is_scikit_learns(
    features: NDArray[np.float32], labels: NDArray[np.int64], kind: HeadKindName
) -> None:
    """T20: the last fit is on all rows, up to the slope that calibrates LDA and ridge regression."""
    problem = make_problem(features, labels)
    solved = solve_head(problem, HeadWish((kind,), 0.4), STOP)
    x = problem.source.read().numpy().astype(np.float64)
    mine = logits_of(solved, problem)
    if kind == "logistic":
        theirs = LogisticRegression(C=0.4, tol=1e-8, max_iter=5000).fit(x, labels).decision_function(x)
    elif kind == "lda":
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.4).fit(x, labels)
        prior = np.log(model.priors_)
        theirs = (model.decision_function(x) - prior) * (1 - 0.4) + prior
    else:
        theirs = Ridge(alpha=0.4).fit(x, problem.target.numpy()).predict(x)
    assert solved.candidates[0].strength == pytest.approx(0.4)
    mine, theirs = mine - mine.mean(axis=1, keepdims=True), theirs - theirs.mean(axis=1, keepdims=True)
    slope = 1.0 if kind == "logistic" else float((mine * theirs).sum() / (theirs * theirs).sum())
    np.testing.assert_allclose(mine, slope * theirs, atol=5e-2 if kind == "logistic" else 1e-3 * slope)


@pytest.mark.slow
def test_the_pool_has_no_more_log_loss_than_its_kinds_and_the_strength_the_least(
    features: NDArray[np.float32], labels: NDArray[np.int64]
) -> None:
    for metric in ("accuracy", "log_loss"):
        solved = solve_head(problem := make_problem(features, labels, metric=metric), HeadWish(), STOP)
        assert {item.kind for item in solved.candidates} == {"logistic", "lda"}
        assert all(solved.log_loss <= item.log_loss + 1e-3 for item in solved.candidates)
        assert solved.to_dict()["log_loss"] == solved.log_loss
        assert problem.part is not None
        assert solved.n_parts == problem.part.max() + 1
    best = solve_head(make_problem(features, labels), HeadWish(("lda",)), STOP).candidates[0]
    for factor in (0.3, 3.0):
        other = min(0.999, best.strength * factor)
        worse = solve_head(make_problem(features, labels), HeadWish(("lda",), other), STOP).candidates[0]
        assert worse.log_loss > best.log_loss - 2e-3


@pytest.mark.slow
@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_the_unit_and_the_order_of_features_do_not_matter(
    features: NDArray[np.float32], labels: NDArray[np.int64], kind: HeadKindName
) -> None:
    first = logits_of(solve_head(problem := make_problem(features, labels), HeadWish((kind,)), STOP), problem)
    order = np.random.default_rng(3).permutation(features.shape[2])
    other = np.ascontiguousarray(features[:, :, order] * np.float32(37) + np.float32(4))
    again = logits_of(solve_head(problem := make_problem(other, labels), HeadWish((kind,)), STOP), problem)
    probs = [torch.from_numpy(values).softmax(1).numpy() for values in (first, again)]
    np.testing.assert_allclose(probs[0], probs[1], atol=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["single", "multi"])
def test_the_order_of_rows_does_not_matter(
    features: NDArray[np.float32], labels: NDArray[np.int64], marks: NDArray[np.int64], shape: str
) -> None:
    problem = make_problem(features, labels if shape == "single" else marks)
    order = np.random.default_rng(3).permutation(N)
    assert problem.part is not None
    turned = HeadProblem(
        problem.head,
        replace(problem.source, rows=problem.source.rows[order]),
        problem.labels[order],
        problem.part[order],
        None,
        problem.metric,
    )
    first, again = (logits_of(solve_head(item, HeadWish(), STOP), problem) for item in (problem, turned))
    np.testing.assert_allclose(first, again, atol=0.05)


@pytest.mark.slow
def test_several_labels_with_gaps_and_a_rare_one(features: NDArray[np.float32], marks: NDArray[np.int64]) -> None:
    rare = np.column_stack([marks, np.zeros(N, dtype=np.int64)])
    rare[5, 3] = rare[60, 3] = 1
    rare[::6, 0] = -1
    problem = make_problem(features, rare)
    solved = solve_head(problem, HeadWish(), STOP)
    assert {item.kind for item in solved.candidates} == {"logistic", "ridge"}
    for kind in ("logistic", "ridge"):
        one = solve_head(problem, HeadWish((kind,)), STOP)
        probs = 1 / (1 + np.exp(-logits_of(one, problem)))
        assert probs[:, 3].mean() < 0.05
        known = rare[:, 0] >= 0
        assert probs[known & (rare[:, 0] == 1), 0].mean() > probs[known & (rare[:, 0] == 0), 0].mean() + 0.3


@pytest.mark.slow
@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_weights_of_classes_move_the_decisions_towards_the_rare_one(
    features: NDArray[np.float32], labels: NDArray[np.int64], kind: HeadKindName
) -> None:
    counts = np.bincount(labels)
    noisy = features * np.float32(1) + np.random.default_rng(0).normal(0, 30, features.shape).astype(np.float32)
    plain = make_problem(noisy, labels)
    weighed = make_problem(noisy, labels, weights=N / (C * counts))
    chosen = [
        (logits_of(solve_head(item, HeadWish((kind,)), STOP), item).argmax(1) == 3).sum() for item in (plain, weighed)
    ]
    assert chosen[1] > chosen[0]


@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_a_class_that_no_row_has_is_improbable(
    features: NDArray[np.float32], labels: NDArray[np.int64], kind: HeadKindName
) -> None:
    problem = make_problem(features, np.where(labels == 3, 0, labels))
    logits = logits_of(solve_head(problem, HeadWish((kind,)), STOP), problem)
    assert np.isfinite(logits).all()
    assert torch.from_numpy(logits).softmax(1)[:, 3].max() < 0.02


@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_odd_folds(features: NDArray[np.float32], labels: NDArray[np.int64], kind: HeadKindName) -> None:
    """A class whose two samples share an inner fold, constant features, and fewer rows than features."""
    few = np.flatnonzero(labels < 3)[:14]
    problem = make_problem(features, labels)
    part = np.arange(14) % 2
    own = labels[few].copy()
    own[[0, 2]] = 3
    flat = features.copy()
    flat[:, :, :5] = 1.0
    mean, scale = problem.source.mean.clone(), problem.source.scale.clone()
    mean[:5], scale[:5] = 1.0, 1.0
    source = replace(problem.source, features=flat, rows=few, mean=mean, scale=scale)
    small = HeadProblem(problem.head, source, own, part, None, "accuracy")
    solved = solve_head(small, HeadWish((kind,)), STOP)
    assert torch.isfinite(solved.weights).all()
    assert not solved.weights[:5].abs().max() > 1e-5
    blind = solve_head(HeadProblem(problem.head, source, own, None, None, "accuracy"), HeadWish((kind,)), STOP)
    assert blind.n_parts == 0
    assert (logits_of(blind, small).argmax(axis=1) == own).mean() > 0.6


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["single", "multi"])
def test_the_head_is_the_sum_of_its_kinds_by_their_factors(
    features: NDArray[np.float32], labels: NDArray[np.int64], marks: NDArray[np.int64], shape: str
) -> None:
    problem = make_problem(features, labels if shape == "single" else marks)
    solved = solve_head(problem, HeadWish(), STOP)
    total = np.zeros_like(logits_of(solved, problem))
    for item in solved.candidates:
        assert item.factor == 0 or item.factor >= LEAST_FACTOR
        total += item.factor * logits_of(solve_head(problem, HeadWish((item.kind,)), STOP), problem)
    np.testing.assert_allclose(logits_of(solved, problem), total, atol=1e-4)


def test_stops_between_two_candidates(features: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    stop = StopRequest()
    stop.signal = 15
    with pytest.raises(Stopped):
        solve_head(make_problem(features, labels), HeadWish(), stop)


@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_shares_and_weights_of_rows_are_rows_counted_so_often(
    features: NDArray[np.float32], labels: NDArray[np.int64], kind: HeadKindName
) -> None:
    """A row that is 0.25 one class and 0.75 another is four rows of weight one, of these classes."""
    problem = make_problem(features, labels)
    assert problem.part is not None
    shares = np.eye(C)[labels] * 0.75 + np.eye(C)[(labels + 1) % 3] * 0.25
    soft = replace(problem, soft=shares, sample_weights=np.full(N, 4.0) / 4)
    rows = np.concatenate([problem.source.rows] * 4)
    hard = replace(
        problem,
        source=replace(problem.source, rows=rows),
        labels=np.concatenate([labels, labels, labels, (labels + 1) % 3]),
        part=np.concatenate([problem.part] * 4),
    )
    strength = {"logistic": (0.4, 0.1), "lda": (0.4, 0.4), "ridge": (5.0, 20.0)}[kind]
    found = []
    for item, value in zip((soft, hard), strength, strict=True):
        logits = logits_of(solve_head(item, HeadWish((kind,), value), STOP), problem)
        found.append(logits - logits.mean(axis=1, keepdims=True))
    slope = (found[0] * found[1]).sum() / (found[1] ** 2).sum()
    np.testing.assert_allclose(found[0], slope * found[1], atol=0.05)
    if kind == "logistic":
        assert slope == pytest.approx(1, abs=0.01)
