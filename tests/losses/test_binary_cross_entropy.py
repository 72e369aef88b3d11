from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from podium.losses import binary_cross_entropy

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(20, 6, generator=GENERATOR, dtype=torch.float64)
MARKS = torch.randint(2, (20, 6), generator=GENERATOR).to(torch.int8)
POS_WEIGHT = torch.rand(6, generator=GENERATOR, dtype=torch.float64) * 5


@pytest.mark.parametrize("pos_weight", [None, POS_WEIGHT])
def test_equals_torch(pos_weight: torch.Tensor | None) -> None:
    expected = functional.binary_cross_entropy_with_logits(LOGITS, MARKS.double(), pos_weight=pos_weight)
    torch.testing.assert_close(binary_cross_entropy(LOGITS, MARKS, pos_weight=pos_weight), expected)


def test_missing_labels_are_left_out_one_by_one() -> None:
    marks = MARKS.clone()
    marks[torch.rand(20, 6, generator=torch.Generator().manual_seed(3)) < 0.4] = -1
    marks[0] = -1
    known = marks >= 0
    expected = functional.binary_cross_entropy_with_logits(LOGITS[known], marks[known].double())
    torch.testing.assert_close(binary_cross_entropy(LOGITS, marks), expected)


def test_class_numbers_become_one_mark_a_row() -> None:
    target = torch.arange(20) % 6
    expected = functional.binary_cross_entropy_with_logits(LOGITS, functional.one_hot(target, 6).double())
    torch.testing.assert_close(binary_cross_entropy(LOGITS, target), expected)


def test_smoothing_moves_marks_towards_a_half() -> None:
    moved = MARKS.double() * 0.8 + 0.1
    expected = functional.binary_cross_entropy_with_logits(LOGITS, moved)
    torch.testing.assert_close(binary_cross_entropy(LOGITS, MARKS, label_smoothing=0.2), expected)
