from __future__ import annotations

import pytest
import torch
from torch import Tensor

from podium.engine.memory import run_in_pieces


class Device:
    """Doubles the images, at most so many at once."""

    def __init__(self, most: int, problem: str = "MPS backend out of memory") -> None:
        self.most, self.problem = most, problem
        self.sizes: list[int] = []

    def __call__(self, images: Tensor) -> Tensor:
        self.sizes.append(len(images))
        if len(images) > self.most:
            raise RuntimeError(self.problem)
        return images * 2


@pytest.mark.parametrize(("most", "sizes"), [(7, [7]), (4, [7, 4, 3]), (1, [7, 4, 2, 1, 1, 2, 1, 1, 3, 2, 1, 1, 1])])
def test_a_batch_that_does_not_fit_is_halved_until_it_does(most: int, sizes: list[int]) -> None:
    device, images = Device(most), torch.arange(7)
    assert torch.equal(torch.cat(run_in_pieces(device, images)), images * 2)
    assert device.sizes == sizes


def test_one_image_that_does_not_fit_is_an_error() -> None:
    device = Device(0)
    with pytest.raises(RuntimeError, match="out of memory"):
        run_in_pieces(device, torch.arange(4))
    assert device.sizes == [4, 2, 1]


def test_another_error_is_raised_at_once() -> None:
    device = Device(0, "shapes do not fit")
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        run_in_pieces(device, torch.arange(4))
    assert device.sizes == [4]
