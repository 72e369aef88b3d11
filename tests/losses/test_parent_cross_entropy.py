from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from podium.losses import cross_entropy_per_sample, parent_cross_entropy_per_sample

PARENTS = torch.tensor([0, 1, 0, 2, 1])


def make_logits() -> torch.Tensor:
    return 4 * torch.randn(9, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_is_the_loop_over_sums_of_probabilities() -> None:
    logits, target = make_logits(), torch.arange(9) % 5
    shares = torch.rand(9, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64).softmax(dim=1)
    for given in (target, shares):
        rows = functional.one_hot(target, 5).double() if given is target else shares
        wanted = []
        for row, probs in zip(rows.tolist(), logits.softmax(dim=1).tolist(), strict=True):
            total = 0.0
            for parent in range(3):
                inside = [place for place in range(5) if PARENTS[place] == parent]
                total -= sum(row[place] for place in inside) * math.log(sum(probs[place] for place in inside))
            wanted.append(total)
        values, weights = parent_cross_entropy_per_sample(logits, given, parents=PARENTS)
        torch.testing.assert_close(values, torch.tensor(wanted, dtype=torch.float64))
        assert (weights == 1).all()


def test_every_class_its_own_parent_is_cross_entropy() -> None:
    logits, target = make_logits(), torch.tensor([0, 1, 2, 3, 4, -1, 0, 1, 2])
    order = torch.tensor([3, 0, 4, 1, 2])
    values, weights = parent_cross_entropy_per_sample(logits, target, parents=order)
    wanted = cross_entropy_per_sample(logits, target)
    torch.testing.assert_close(values, wanted[0])
    torch.testing.assert_close(weights, wanted[1])


def test_classes_of_one_parent_can_be_exchanged_and_gradients_are_right() -> None:
    logits, target = make_logits().requires_grad_(), torch.arange(9) % 5
    swapped = torch.tensor([2, 4, 0, 3, 1])[target]  # another class of the same parent
    one, other = (parent_cross_entropy_per_sample(logits, it, parents=PARENTS)[0] for it in (target, swapped))
    torch.testing.assert_close(one, other)
    assert torch.autograd.gradcheck(lambda x: parent_cross_entropy_per_sample(x, target, parents=PARENTS)[0], logits)


def test_extremes_stay_finite() -> None:
    logits = torch.tensor([[1e4, 0.0, 0.0, 0.0, -1e4]], requires_grad=True)
    (values, _) = parent_cross_entropy_per_sample(logits, torch.tensor([4]), parents=PARENTS)
    values.sum().backward()  # type: ignore[no-untyped-call]
    assert values.item() == pytest.approx(1e4)
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_a_parent_is_needed_for_every_class() -> None:
    with pytest.raises(ValueError, match="a parent for every class"):
        parent_cross_entropy_per_sample(make_logits(), torch.zeros(9, dtype=torch.int64), parents=PARENTS[:4])
