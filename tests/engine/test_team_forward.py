"""What needs no second process: a team of one computes what no team does. Two processes are in `test_team.py`."""

from __future__ import annotations

from typing import cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from podium.engine.team import Team
from podium.engine.team_forward import TeamForward
from podium.machine.batch_share import BatchShare, PieceShare


class Alone:
    """A team of one."""

    def add_up(self, tensors: list[Tensor]) -> None:
        """The sum is there."""

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """Its own."""
        return [tensor]


def forward_of(piece: PieceShare) -> TeamForward:
    return TeamForward(cast(Team, Alone()), piece)


def test_norm_and_dropout_of_one_are_torchs_own() -> None:
    torch.manual_seed(0)
    layers, images = nn.Sequential(nn.BatchNorm2d(3), nn.Dropout(0.4)), torch.randn(6, 3, 4, 4)
    torch.manual_seed(1)
    expected = layers(images)
    (piece,) = BatchShare(0, 1).pieces(6)
    torch.manual_seed(1)
    with forward_of(piece):
        torch.testing.assert_close(layers(images), expected)


@pytest.mark.parametrize("rows_each", [1, 4])
def test_a_share_gets_its_part_of_what_is_drawn_for_all(rows_each: int) -> None:
    ones = torch.ones(5 * rows_each, 3)
    torch.manual_seed(2)
    whole = functional.dropout(ones, 0.5)
    torch.manual_seed(2)
    with forward_of(PieceShare(5, 2, slice(0, 3))):
        own = functional.dropout(ones[: 3 * rows_each], 0.5)
    assert torch.equal(own, whole[2 * rows_each :])


def test_in_evaluation_nothing_is_taken_over() -> None:
    layers, images = nn.Sequential(nn.BatchNorm2d(3), nn.Dropout(0.4)).eval(), torch.randn(2, 3, 4, 4)
    with forward_of(PieceShare(9, 2, slice(0, 2))):
        assert torch.equal(layers(images), images / (1 + 1e-5) ** 0.5)
