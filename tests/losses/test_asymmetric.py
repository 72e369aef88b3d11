from __future__ import annotations

import pytest
import torch
from timm.loss import AsymmetricLossMultiLabel

from podium.losses import asymmetric, binary_cross_entropy

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(20, 6, generator=GENERATOR, dtype=torch.float64) * 2
MARKS = torch.randint(2, (20, 6), generator=GENERATOR)


@pytest.mark.parametrize(("negative", "positive", "clip"), [(4, 1, 0.05), (2, 0, 0.0), (0, 0, 0.1), (4, 4, 0.0)])
def test_equals_timm(negative: float, positive: float, clip: float) -> None:
    theirs = AsymmetricLossMultiLabel(gamma_neg=negative, gamma_pos=positive, clip=clip, eps=1e-12, reduction="mean")
    got = asymmetric(LOGITS, MARKS, gamma_negative=negative, gamma_positive=positive, clip=clip)
    expected = theirs(LOGITS, MARKS.double()).double()  # timm computes in float32
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=0)


def test_is_binary_cross_entropy_without_focus_and_clip() -> None:
    got = asymmetric(LOGITS, MARKS, gamma_negative=0.0, gamma_positive=0.0, clip=0.0)
    torch.testing.assert_close(got, binary_cross_entropy(LOGITS, MARKS), rtol=1e-13, atol=0)


def test_easy_negatives_have_no_gradient() -> None:
    logits = torch.tensor([[-4.0, 4.0]], requires_grad=True)  # the first has a probability of 0.018
    asymmetric(logits, torch.tensor([[0, 0]]), clip=0.05).backward()
    assert logits.grad is not None
    assert logits.grad[0, 0] == 0
    assert logits.grad[0, 1] > 0
