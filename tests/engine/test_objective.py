"""The loss over heads: a hand-computed sum, and the same gradient in one piece or many."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from podium.engine import HeadObjective, Objective
from podium.losses import binary_cross_entropy_per_sample, cross_entropy_per_sample

from .tiny_training import make_objective


def constant(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The first logit as loss; weight 3 for class 1, none for a missing label."""
    return logits[:, 0], torch.where(target < 0, 0.0, torch.where(target == 1, 3.0, 1.0))


def test_the_loss_is_the_weighted_mean_times_the_head_s_weight() -> None:
    objective = Objective({"one": (HeadObjective(constant),), "two": (HeadObjective(constant, 0.5),)})
    logits = {"one": torch.tensor([[1.0, 0], [5, 0], [100, 0]]), "two": torch.tensor([[2.0, 0], [4, 0], [8, 0]])}
    targets = {"one": torch.tensor([0, 1, -1]), "two": torch.tensor([0, 0, 1])}
    # one: (1 + 3 x 5) / 4 = 4; two: (2 + 4 + 3 x 8) / 5 = 6, at half weight 3
    assert objective(logits, targets).item() == pytest.approx(7)


def test_totals_are_the_sums_of_the_sample_weights() -> None:
    objective = Objective({"one": (HeadObjective(constant),)})
    totals = objective.totals({"one": 2}, {"one": torch.tensor([0, 1, -1, 1])})
    assert {name: value.item() for name, value in totals.items()} == {"one": 7}
    assert not totals["one"].requires_grad


def test_two_losses_of_torch_are_reproduced() -> None:
    objective = Objective(
        {
            "kind": (HeadObjective(cross_entropy_per_sample),),
            "tags": (HeadObjective(binary_cross_entropy_per_sample, 2.0),),
        }
    )
    generator = torch.Generator().manual_seed(0)
    logits = {"kind": torch.randn(6, 3, generator=generator), "tags": torch.randn(6, 2, generator=generator)}
    targets = {"kind": torch.tensor([0, 1, 2, -1, 1, 0]), "tags": torch.randint(0, 2, (6, 2), generator=generator)}
    functional = torch.nn.functional
    wanted = functional.cross_entropy(logits["kind"], targets["kind"], ignore_index=-1)
    wanted = wanted + 2 * functional.binary_cross_entropy_with_logits(logits["tags"], targets["tags"].float())
    assert objective(logits, targets).item() == pytest.approx(wanted.item(), rel=1e-6)


@pytest.mark.parametrize("pieces", [(5,), (2, 3), (4, 1), (1, 1, 1, 1, 1)])
def test_the_gradients_of_any_pieces_add_up_to_the_batch_s(pieces: tuple[int, ...]) -> None:
    objective = make_objective()
    generator = torch.Generator().manual_seed(1)
    start = {"kind": torch.randn(5, 3, generator=generator), "tags": torch.randn(5, 2, generator=generator)}
    targets = {"kind": torch.tensor([-1, 0, 2, 1, -1]), "tags": torch.tensor([[1, 0], [-1, 1], [0, 0], [1, 1], [0, 1]])}
    whole = {name: value.clone().requires_grad_() for name, value in start.items()}
    loss = objective(whole, targets)
    loss.backward()
    parts = {name: value.clone().requires_grad_() for name, value in start.items()}
    totals = objective.totals({"kind": 3, "tags": 2}, targets)
    at, losses = 0, 0.0
    for size in pieces:
        rows = slice(at, at + size)
        share = objective(
            {name: value[rows] for name, value in parts.items()},
            {name: value[rows] for name, value in targets.items()},
            totals,
        )
        share.backward()
        at, losses = at + size, losses + share.item()
    assert losses == pytest.approx(loss.item(), rel=1e-5)
    for name, value in whole.items():
        assert value.grad is not None
        assert parts[name].grad is not None
        torch.testing.assert_close(parts[name].grad, value.grad)


def test_a_batch_without_a_label_has_a_loss_of_zero_and_no_gradient() -> None:
    logits = {"kind": torch.randn(3, 3, requires_grad=True)}
    loss = Objective({"kind": (HeadObjective(cross_entropy_per_sample),)})(logits, {"kind": torch.tensor([-1, -1, -1])})
    loss.backward()
    assert loss.item() == 0
    assert math.isfinite(loss.item())
    assert logits["kind"].grad is not None
    assert not logits["kind"].grad.any()


def test_half_precision_logits_are_summed_in_full() -> None:
    logits = {"kind": torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.bfloat16)}
    loss = Objective({"kind": (HeadObjective(cross_entropy_per_sample),)})(logits, {"kind": torch.tensor([0])})
    assert loss.dtype == torch.float32


def test_a_task_without_heads_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="a task has heads"):
        Objective({})({}, {})
