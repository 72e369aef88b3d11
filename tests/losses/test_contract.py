"""What every loss must do: ignore missing labels, add up over split batches, and never make a NaN."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from podium import losses

PerSample = Callable[..., tuple[Tensor, Tensor]]
N, C = 12, 5

FOR_CLASSES: dict[str, PerSample] = {
    "cross_entropy": losses.cross_entropy_per_sample,
    "cross_entropy smoothed": partial(
        losses.cross_entropy_per_sample, label_smoothing=0.1, class_weights=torch.arange(1.0, C + 1)
    ),
    "focal": losses.focal_per_sample,
    "soft_macro_f1": losses.soft_macro_f1_per_sample,
}
FOR_MARKS: dict[str, PerSample] = {
    "binary_cross_entropy": losses.binary_cross_entropy_per_sample,
    "binary_focal": losses.binary_focal_per_sample,
    "binary_focal weighted": partial(losses.binary_focal_per_sample, pos_weight=torch.arange(1.0, C + 1)),
    "asymmetric": losses.asymmetric_per_sample,
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
def test_shapes_and_finite(name: str) -> None:
    values, weights = ALL[name](make_logits(), make_target(name, n_missing=3))
    assert values.shape == weights.shape == (N,)
    assert torch.isfinite(values).all()
    assert (weights[:3] == 0).all()
    assert (weights[3:] > 0).all()


@pytest.mark.parametrize("name", ALL)
def test_missing_rows_change_nothing(name: str) -> None:
    logits, target = make_logits(), make_target(name, n_missing=4)
    with_missing = losses.weighted_mean(*ALL[name](logits, target))
    without = losses.weighted_mean(*ALL[name](logits[4:], target[4:]))
    torch.testing.assert_close(with_missing, without)


@pytest.mark.parametrize("name", ALL)
def test_all_missing_is_zero_with_zero_gradient(name: str) -> None:
    logits = make_logits().requires_grad_()
    loss = losses.weighted_mean(*ALL[name](logits, make_target(name, n_missing=N)))
    assert loss.item() == 0.0
    loss.backward()
    assert logits.grad is not None
    assert (logits.grad == 0).all()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("size", [0.0, 1e2, 1e4])
def test_extreme_logits_stay_finite(name: str, size: float) -> None:
    logits = (torch.sign(make_logits()).float() * size).requires_grad_()
    loss = losses.weighted_mean(*ALL[name](logits, make_target(name)))
    loss.backward()
    assert torch.isfinite(loss)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", ALL)
def test_half_precision_is_computed_in_single(name: str) -> None:
    logits = make_logits().to(torch.bfloat16)
    values, _ = ALL[name](logits, make_target(name))
    expected, _ = ALL[name](logits.float(), make_target(name))
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, expected)


@pytest.mark.parametrize("name", ALL)
def test_order_of_samples_is_nothing(name: str) -> None:
    logits, target = make_logits(), make_target(name, n_missing=2)
    order = torch.randperm(N, generator=torch.Generator().manual_seed(2))
    values, weights = ALL[name](logits, target)
    shuffled, shuffled_weights = ALL[name](logits[order], target[order])
    torch.testing.assert_close(shuffled, values[order])
    torch.testing.assert_close(shuffled_weights, weights[order])


@pytest.mark.parametrize("name", ALL)
def test_weight_two_is_the_sample_twice(name: str) -> None:
    logits, target = make_logits(), make_target(name)
    weight = torch.ones(N, dtype=torch.float64)
    weight[0] = 2
    weighted = losses.weighted_mean(*ALL[name](logits, target, weight))
    twice = losses.weighted_mean(*ALL[name](torch.cat([logits, logits[:1]]), torch.cat([target, target[:1]])))
    torch.testing.assert_close(weighted, twice)


@pytest.mark.parametrize("name", ALL)
def test_weight_of_wrong_shape_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="one weight per sample"):
        ALL[name](make_logits(), make_target(name), torch.ones(N - 1))


@pytest.mark.parametrize("name", ALL)
def test_target_of_wrong_shape_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="need a target"):
        ALL[name](make_logits(), make_target(name)[:-1])


# With class weights it does not: those of a distribution do not weigh the mean, as in torch.
@pytest.mark.parametrize("name", [name for name in ALL if name != "cross_entropy smoothed"])
def test_hard_target_equals_its_distribution(name: str) -> None:
    target = make_target(name)
    soft = torch.nn.functional.one_hot(target, C).double() if target.ndim == 1 else target.double()
    torch.testing.assert_close(ALL[name](make_logits(), target), ALL[name](make_logits(), soft))


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


@pytest.mark.parametrize("name", ALL)
def test_gradient_is_that_of_finite_differences(name: str) -> None:
    logits = make_logits()[:4].requires_grad_()
    target = make_target(name, n_missing=1)[:4]
    assert torch.autograd.gradcheck(lambda x: losses.weighted_mean(*ALL[name](x, target)), (logits,))
