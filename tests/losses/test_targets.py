"""Labels in every form against what a loop makes of them."""

from __future__ import annotations

import pytest
import torch

from podium.losses.targets import make_binary_target, make_class_target, scale_weights

LOGITS = torch.zeros(4, 3)


def test_class_numbers_become_one_hot_rows_and_missing_ones_zeros() -> None:
    marks, is_known = make_class_target(LOGITS, torch.tensor([2, -1, 0, 1]))
    assert marks.tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0]]
    assert is_known.tolist() == [True, False, True, True]


def test_distributions_stay_and_one_negative_entry_drops_the_row() -> None:
    soft = torch.tensor([[0.2, 0.3, 0.5], [0.5, -1.0, 0.5], [-1.0, -1.0, -1.0], [0.0, 1.0, 0.0]])
    marks, is_known = make_class_target(LOGITS, soft)
    assert is_known.tolist() == [True, False, False, True]
    assert torch.equal(marks[is_known], soft[is_known])
    assert not marks[~is_known].any()


def test_marks_are_known_cell_by_cell() -> None:
    target = torch.tensor([[1, 0, -1], [-1, -1, -1], [0, 0, 0], [1, 1, 1]], dtype=torch.int8)
    marks, is_known = make_binary_target(LOGITS, target)
    assert torch.equal(is_known, target >= 0)
    assert torch.equal(marks, target.clamp_min(0).float())
    soft = torch.tensor([[0.3, 0.0, -0.5]] * 4)
    assert make_binary_target(LOGITS, soft)[0].tolist() == [[pytest.approx(0.3), 0, 0]] * 4


def test_class_numbers_become_one_mark_a_row() -> None:
    marks, is_known = make_binary_target(LOGITS, torch.tensor([2, -1, 0, 1]))
    assert marks.sum(dim=1).tolist() == [1, 0, 1, 1]
    assert is_known.tolist() == [[True] * 3, [False] * 3, [True] * 3, [True] * 3]


@pytest.mark.parametrize(
    ("given", "made"),
    [(torch.float16, torch.float32), (torch.bfloat16, torch.float32), (torch.float64, torch.float64)],
)
def test_targets_are_at_least_single_precision(given: torch.dtype, made: torch.dtype) -> None:
    logits = LOGITS.to(given)
    for make in (make_class_target, make_binary_target):
        for target in (torch.tensor([0, 1, 2, -1]), torch.full((4, 3), 0.25, dtype=given)):
            assert make(logits, target)[0].dtype == made


@pytest.mark.parametrize("make", [make_class_target, make_binary_target])
@pytest.mark.parametrize("target", [torch.zeros(4, 2), torch.zeros(3, dtype=torch.long), torch.zeros(4)])
def test_shapes_and_floating_class_numbers_are_refused(make: object, target: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="target"):
        make(LOGITS, target)  # type: ignore[operator]


def test_the_given_target_is_not_written_to() -> None:
    target = torch.tensor([[0.5, -1.0, 0.5]] * 4)
    before = target.clone()
    make_class_target(LOGITS, target)
    make_binary_target(LOGITS, target)
    assert torch.equal(target, before)


def test_weights_multiply_the_share_that_has_labels() -> None:
    share = torch.tensor([1.0, 0.5, 0.0])
    assert scale_weights(share, None) is share
    assert scale_weights(share, torch.tensor([2, 3, 4])).tolist() == [2.0, 1.5, 0.0]
    with pytest.raises(ValueError, match="one weight per sample"):
        scale_weights(share, torch.ones(2))
