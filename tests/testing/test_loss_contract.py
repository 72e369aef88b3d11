"""A loss that breaks a rule is told which."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from podium.losses import binary_cross_entropy_per_sample, cross_entropy_per_sample, soft_macro_f1_per_sample
from podium.testing import check_loss

Pair = tuple[Tensor, Tensor]


def forgets_missing(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Pair:
    values, _ = cross_entropy_per_sample(logits, target, weight)
    return values, torch.ones_like(values)


def gives_the_mean(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Pair:
    values, weights = cross_entropy_per_sample(logits, target, weight)
    return values.mean(), weights


def overflows(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Pair:
    values, weights = cross_entropy_per_sample(logits, target, weight)
    return torch.where(weights > 0, values + 1e-9 * logits.exp().sum(dim=1).clamp_min(0), values), weights


def ignores_weights(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Pair:
    cross_entropy_per_sample(logits, target, weight)
    return cross_entropy_per_sample(logits, target)


def hides_its_gradient(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Pair:
    values, weights = cross_entropy_per_sample(logits, target, weight)
    return values * values.detach(), weights


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (forgets_missing, "must weigh 0"),
        (gives_the_mean, r"shape \(N,\)"),
        (overflows, r"logits of \+-100 "),
        (ignores_weights, "weight of 2"),
        (hides_its_gradient, "finite differences"),
        (soft_macro_f1_per_sample, "do not add up"),
    ],
)
def test_a_broken_rule_is_named(broken: Callable[..., Pair], reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        check_loss(broken)


def test_a_loss_for_several_labels_is_checked_on_marks() -> None:
    seen = []

    def spy(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Pair:
        seen.append(tuple(target.shape))
        return binary_cross_entropy_per_sample(logits, target, weight)

    check_loss(spy, kind="multi", n_classes=3)
    assert {len(shape) for shape in seen} == {2}
    assert {shape[-1] for shape in seen} == {3}
