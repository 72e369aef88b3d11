from __future__ import annotations

import math

import pytest
import torch

from podium.losses import binary_cross_entropy, binary_focal, cross_entropy, focal

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(20, 6, generator=GENERATOR, dtype=torch.float64) * 2
TARGET = torch.randint(6, (20,), generator=GENERATOR)
TARGET[::5] = -1
SOFT = torch.rand(20, 6, generator=GENERATOR, dtype=torch.float64).softmax(dim=1)
MARKS = torch.randint(-1, 2, (20, 6), generator=GENERATOR)
CLASS_WEIGHTS = torch.arange(1.0, 7.0, dtype=torch.float64)


@pytest.mark.parametrize("weights", [None, CLASS_WEIGHTS])
@pytest.mark.parametrize("target", [TARGET, SOFT], ids=["hard", "soft"])
def test_is_cross_entropy_at_gamma_zero(target: torch.Tensor, weights: torch.Tensor | None) -> None:
    mine, theirs = LOGITS.clone().requires_grad_(), LOGITS.clone().requires_grad_()
    got = focal(mine, target, gamma=0.0, class_weights=weights)
    expected = cross_entropy(theirs, target, class_weights=weights)
    torch.testing.assert_close(got, expected, rtol=1e-14, atol=0)
    got.backward()
    expected.backward()
    torch.testing.assert_close(mine.grad, theirs.grad)


def test_binary_is_binary_cross_entropy_at_gamma_zero() -> None:
    for weights in (None, CLASS_WEIGHTS):
        found = binary_focal(LOGITS, MARKS, gamma=0.0, pos_weight=weights)
        expected = binary_cross_entropy(LOGITS, MARKS, pos_weight=weights)
        torch.testing.assert_close(found, expected, rtol=1e-13, atol=0)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_equals_a_slow_loop(gamma: float) -> None:
    total, n_known = 0.0, 0
    for row, label in zip(LOGITS.tolist(), TARGET.tolist(), strict=True):
        if label >= 0:
            p = math.exp(row[label]) / sum(map(math.exp, row))
            total += -((1 - p) ** gamma) * math.log(p)
            n_known += 1
    assert float(focal(LOGITS, TARGET, gamma=gamma)) == pytest.approx(total / n_known, rel=1e-12)


@pytest.mark.parametrize("alpha", [None, 0.25])
def test_binary_equals_a_slow_loop(alpha: float | None) -> None:
    terms = []
    for row, marks in zip(LOGITS.tolist(), MARKS.tolist(), strict=True):
        for logit, mark in zip(row, marks, strict=True):
            if mark >= 0:
                p = 1 / (1 + math.exp(-logit))
                p = p if mark else 1 - p
                weight = 1 if alpha is None else alpha if mark else 1 - alpha
                terms.append(-weight * (1 - p) ** 2 * math.log(p))
    assert float(binary_focal(LOGITS, MARKS, alpha=alpha)) == pytest.approx(sum(terms) / len(terms), rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("gamma", [0.25, 0.5, 1.0, 2.0])
def test_a_sample_that_is_surely_right_has_no_loss_and_no_gradient(gamma: float, dtype: torch.dtype) -> None:
    """Where p rounds to 1, (1 - p) ** gamma has an infinite slope for gamma below 1."""
    logits = torch.tensor([[2000.0, 0.0]], dtype=dtype, requires_grad=True)
    for loss in (
        focal(logits, torch.tensor([0]), gamma=gamma),
        binary_focal(logits, torch.tensor([[1, -1]]), gamma=gamma),
    ):
        (slope,) = torch.autograd.grad(loss, logits)
        assert loss.item() == pytest.approx(0.0, abs=1e-12)
        assert slope.tolist() == [[pytest.approx(0.0, abs=1e-12)] * 2]


def test_negative_gamma_is_refused() -> None:
    with pytest.raises(ValueError, match="gamma"):
        focal(LOGITS, TARGET, gamma=-1.0)
