"""Weights that labels choose: the least log loss as scipy finds it, and greedy selection as counting finds it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from podium.decisions import Choice
from podium.decisions.blend_weights import choose_weights
from podium.errors import UnknownNameError, UsageError
from podium.metrics import metric
from podium.tables import Head

SINGLE, MULTI = Head("age", "single", ("a", "b", "c")), Head("tags", "multi", ("x", "y"))


def draw(kind: str, n: int = 300) -> tuple[list[Any], Any]:
    """A good model, a middling one and noise."""
    rng = np.random.default_rng(0)
    if kind == "multi":
        labels = rng.integers(0, 2, (n, 2))
        parts = [np.clip(0.5 + own * (labels - 0.5) + rng.normal(0, 0.25, (n, 2)), 0.02, 0.98) for own in (0.6, 0.4, 0)]
    else:
        labels = rng.integers(0, 3, n)
        logits = [own * np.eye(3)[labels] + rng.normal(0, 1, (n, 3)) for own in (2.0, 1.5, 0)]
        parts = [np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in logits]
    labels[:10] = -1
    return parts, labels


@pytest.mark.parametrize("head", [SINGLE, MULTI])
def test_searched_weights_have_the_least_log_loss(head: Head) -> None:
    parts, labels = draw(head.kind)
    known = labels >= 0

    def loss(weights: Any) -> float:
        mixed = sum(weight * part for weight, part in zip(weights, parts, strict=True))
        truth = np.where(labels == 1, mixed, 1 - mixed)[known] if head.is_multi else mixed[known, labels[known]]
        return float(-np.log(truth).mean())

    found = choose_weights(Choice("mean", "search"), parts, labels, metric("f1_macro"), head)
    best = minimize(
        loss,
        np.full(3, 1 / 3),
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        method="SLSQP",
    )
    assert loss(found) <= best.fun + 1e-4
    assert found == pytest.approx(best.x, abs=0.02)


@pytest.mark.parametrize("kind", ["mean", "logits", "ranks", "vote"])
@pytest.mark.parametrize("head", [SINGLE, MULTI])
def test_greedy_selection_is_at_least_as_good_as_the_best_model_and_leaves_noise_out(kind: Any, head: Head) -> None:
    from podium.decisions import Blend
    from podium.decisions.blend import rank_grid
    from podium.metrics import score
    from podium.tables import Task

    parts, labels = draw(head.kind)
    chosen = metric("f1_macro")
    found = choose_weights(Choice(kind, "greedy"), parts, labels, chosen, head)
    grids = {head.name: [rank_grid(part) for part in parts]} if kind == "ranks" else {}
    rows = [{head.name: part} for part in parts]

    def value(weights: Any) -> float:
        blended = Blend(kind, {head.name: tuple(weights)}, grids).combine(rows, Task((head,)))
        return score(chosen, blended[head.name], labels, head)

    assert sum(found) == pytest.approx(1)
    assert value(found) >= max(value(one) for one in np.eye(3).tolist())
    assert found[2] < 0.3


def test_a_loss_is_lowered_and_not_lifted() -> None:
    parts, labels = draw("single")
    found = choose_weights(Choice("mean", "greedy"), parts, labels, metric("log_loss"), SINGLE)
    best = choose_weights(Choice("mean", "search"), parts, labels, metric("log_loss"), SINGLE)
    assert found == pytest.approx(best, abs=0.1)


def test_given_weights_are_shares() -> None:
    parts, labels = draw("single")
    assert choose_weights(Choice("mean", (6, 3, 1)), parts, labels, metric("accuracy"), SINGLE) == (0.6, 0.3, 0.1)
    with pytest.raises(UsageError, match="2 weights are given for 3 models"):
        choose_weights(Choice("mean", (6, 3)), parts, labels, metric("accuracy"), SINGLE)


def test_what_has_no_meaning_is_refused() -> None:
    with pytest.raises(UsageError, match="weights are searched for means of probabilities"):
        Choice("vote", "search")
    with pytest.raises(UsageError, match="none may be below 0"):
        Choice("mean", (1, -1))
    with pytest.raises(UnknownNameError):
        Choice("mean", "best")  # type: ignore[arg-type]
