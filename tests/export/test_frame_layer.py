"""Views as matrices beside the OpenCV of an evaluation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from podium.data.view_frames import parts_of
from podium.data.views import eval_batch
from podium.errors import UsageError
from podium.export.frame_layer import FrameLayer

VIEWS = ["plain", "hflip", "vflip", "rot90", "rot180", "rot270", "hflip+rot90", "hflip+rot270", "center-0.8"]


@pytest.mark.parametrize("size", [(32, 32), (40, 24), (20, 48), (64, 64)])
@pytest.mark.parametrize("view", [*VIEWS, *parts_of("hflip+five-0.7").frames[:2], *parts_of("tiles-2x2").frames[-2:]])
def test_a_view_is_what_an_evaluation_sees(view: str, size: tuple[int, int]) -> None:
    stored = np.random.default_rng(0).integers(0, 256, (3, 40, 36, 3), dtype=np.uint8)
    wanted = np.empty((3, *size, 3), np.uint8)
    eval_batch(stored, np.arange(3), wanted, view)
    found = FrameLayer(view, (40, 36), size)(torch.from_numpy(stored).float()).numpy()
    assert np.abs(found - wanted.astype(float)).max() <= 1
    assert np.abs(found - wanted.astype(float)).mean() < 0.3


@pytest.mark.parametrize("size", [(32, 32), (36, 40), (25, 27)])
@pytest.mark.parametrize(
    "view", ["plain", "top-left-0.875", "hflip+bottom-right-0.875", "center-0.8+rot90", "tiles-1x1"]
)
def test_a_part_that_is_read_between_pixels_is_equal_to_the_last_bit(view: str, size: tuple[int, int]) -> None:
    stored = np.random.default_rng(0).integers(0, 256, (3, 32, 36, 3), dtype=np.uint8)
    wanted = np.empty((3, *size, 3), np.uint8)
    eval_batch(stored, np.arange(3), wanted, view)
    found = FrameLayer(view, (32, 36), size)(torch.from_numpy(stored).float()).numpy()
    np.testing.assert_array_equal(found, wanted)


def test_a_view_beyond_the_border_is_refused() -> None:
    with pytest.raises(UsageError, match="warps the image"):
        FrameLayer(parts_of("scale-0.8").frames[0], (32, 32), (32, 32))
