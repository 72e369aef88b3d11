"""Every loss passes the contract that `podium.testing` offers, refuses wrong shapes, and adds up over any split."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from podium import losses
from podium.testing import check_loss

PerSample = Callable[..., tuple[Tensor, Tensor]]
N, C = 12, 5

FOR_CLASSES: dict[str, PerSample] = {
    "cross_entropy": losses.cross_entropy_per_sample,
    "cross_entropy smoothed": partial(
        losses.cross_entropy_per_sample, label_smoothing=0.1, class_weights=torch.arange(1.0, C + 1)
    ),
    "focal": losses.focal_per_sample,
    "soft_macro_f1": losses.soft_macro_f1_per_sample,
    "distillation": losses.distillation_per_sample,
    "parent_cross_entropy": partial(losses.parent_cross_entropy_per_sample, parents=torch.arange(C) % 3),
}
FOR_MARKS: dict[str, PerSample] = {
    "binary_cross_entropy": losses.binary_cross_entropy_per_sample,
    "binary_focal": losses.binary_focal_per_sample,
    "binary_focal weighted": partial(losses.binary_focal_per_sample, pos_weight=torch.arange(1.0, C + 1)),
    "asymmetric": losses.asymmetric_per_sample,
    "distillation of marks": partial(losses.distillation_per_sample, is_multi=True),
    "soft_macro_f1 of marks": partial(losses.soft_macro_f1_per_sample, is_multi=True),
}
ALL = {**FOR_CLASSES, **FOR_MARKS}
ADDITIVE = [name for name in ALL if "f1" not in name]


def make_logits(seed: int = 0) -> Tensor:
    return torch.randn(N, C, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 3


def make_target(name: str, *, n_missing: int = 0, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    if name in FOR_CLASSES:
        target = torch.randint(C, (N,), generator=generator)
    else:
        target = torch.randint(2, (N, C), generator=generator).to(torch.int8)
    target[:n_missing] = -1
    return target


@pytest.mark.parametrize("name", ALL)
def test_a_loss_passes_the_contract(name: str) -> None:
    check_loss(
        ALL[name],
        kind="single" if name in FOR_CLASSES else "multi",
        n_classes=C,
        is_additive=name in ADDITIVE,
        has_class_weights=name == "cross_entropy smoothed",
    )


@pytest.mark.parametrize("name", ALL)
def test_weight_of_wrong_shape_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="one weight per sample"):
        ALL[name](make_logits(), make_target(name), torch.ones(N - 1))


@pytest.mark.parametrize("name", ALL)
def test_target_of_wrong_shape_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="need a target"):
        ALL[name](make_logits(), make_target(name)[:-1])


@pytest.mark.parametrize("name", ADDITIVE)
@settings(max_examples=15, deadline=None)
@given(cut=st.integers(1, N - 1), n_missing=st.integers(0, N), seed=st.integers(0, 99))
def test_parts_of_a_batch_add_up(name: str, cut: int, n_missing: int, seed: int) -> None:
    logits, target = make_logits(seed), make_target(name, n_missing=n_missing, seed=seed)
    whole = losses.weighted_mean(*ALL[name](logits, target))
    parts = [ALL[name](logits[part], target[part]) for part in (slice(cut), slice(cut, None))]
    total = sum(weights.sum() for _, weights in parts)
    summed = sum((values * weights).sum() for values, weights in parts) / max(total, 1e-300)
    torch.testing.assert_close(torch.as_tensor(summed, dtype=torch.float64), whole)
