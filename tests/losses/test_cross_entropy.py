from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from podium.losses import cross_entropy, cross_entropy_per_sample

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(20, 6, generator=GENERATOR, dtype=torch.float64)
TARGET = torch.randint(6, (20,), generator=GENERATOR)
TARGET[::5] = -1
SOFT = torch.rand(20, 6, generator=GENERATOR, dtype=torch.float64).softmax(dim=1)
CLASS_WEIGHTS = torch.rand(6, generator=GENERATOR, dtype=torch.float64) + 0.1


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("weights", [None, CLASS_WEIGHTS])
@pytest.mark.parametrize("target", [TARGET, SOFT], ids=["hard", "soft"])
def test_equals_torch(smoothing: float, weights: torch.Tensor | None, target: torch.Tensor) -> None:
    expected = functional.cross_entropy(LOGITS, target, weight=weights, label_smoothing=smoothing, ignore_index=-1)
    got = cross_entropy(LOGITS, target, class_weights=weights, label_smoothing=smoothing)
    torch.testing.assert_close(got, expected)


def test_gradient_equals_torch() -> None:
    mine, theirs = LOGITS.clone().requires_grad_(), LOGITS.clone().requires_grad_()
    cross_entropy(mine, TARGET, class_weights=CLASS_WEIGHTS, label_smoothing=0.1).backward()
    functional.cross_entropy(theirs, TARGET, CLASS_WEIGHTS, label_smoothing=0.1, ignore_index=-1).backward()
    torch.testing.assert_close(mine.grad, theirs.grad)


def test_per_sample_equals_torch() -> None:
    values, weights = cross_entropy_per_sample(LOGITS, TARGET)
    expected = functional.cross_entropy(LOGITS, TARGET, ignore_index=-1, reduction="none")
    torch.testing.assert_close(values, expected)
    torch.testing.assert_close(weights, (TARGET >= 0).double())


def test_floating_class_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="integers"):
        cross_entropy(LOGITS, TARGET.double())
