"""Reading frames out of images: exact where it can be, averaged where it shrinks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from podium.data.frames import Frames, whole_frames
from podium.data.geometric import (
    Rotate,
)
from podium.data.resample import BILINEAR_SHRINK, TRANSPOSED, plan_resampling, resample, resize_into
from tiny.augmented import STORED, Images, augment


def test_one_side_shrinks_while_the_other_grows() -> None:
    # Averaging along x only, then stretching along y: stripes vanish, they do not alias.
    stripes = np.zeros((1, 8, 32, 3), np.uint8)
    stripes[:, :, ::2] = 200
    assert (augment([], (16, 8), stripes) == 100).all()


def test_rotation_is_counter_clockwise() -> None:
    image = np.zeros((1, 21, 21, 3), np.uint8)
    image[0, 10, 18] = 255
    from podium.data.resample import plan_resampling, resample

    frames = whole_frames(1, 21, 21).rotate(np.array([89.9999]))
    out = np.empty((21, 21, 3), np.uint8)
    resample(image[0], plan_resampling(frames, (21, 21), (21, 21)), 0, out)
    assert out[2, 10, 0] > 200


def test_warp_that_shrinks_much_averages() -> None:
    stripes = np.zeros((1, 128, 128, 3), np.uint8)
    stripes[:, :, ::2] = 200
    got = augment([Rotate(degrees=10, probability=1)], (16, 16), stripes)
    assert np.abs(got.astype(int) - 100).max() <= 3


def read(image: Images, frames: Frames, size: tuple[int, int]) -> Images:
    out = np.empty((*size, 3), np.uint8)
    resample(image, plan_resampling(frames, (image.shape[0], image.shape[1]), size), 0, out)
    return out


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("flips", [(False, False), (True, False), (False, True), (True, True)])
def test_the_eight_symmetries_are_exact(turns: int, flips: tuple[bool, bool]) -> None:
    frames = whole_frames(1, 24, 32).flip(*flips).quarter_turn(turns)
    expected = STORED[3][:: -1 if flips[1] else 1, :: -1 if flips[0] else 1]
    expected = np.rot90(expected, turns)
    plan = plan_resampling(frames, (24, 32), (expected.shape[0], expected.shape[1]))
    assert plan.turns[0] & TRANSPOSED == (TRANSPOSED if turns % 2 else 0)
    assert np.array_equal(read(STORED[3], frames, (expected.shape[0], expected.shape[1])), expected)


def test_a_crop_reads_its_box_and_a_frame_that_leaves_the_image_is_warped() -> None:
    frames = whole_frames(2, 24, 32).crop(np.array([[4.0, 6.0], [-1.0, 0.0]]), np.array([[10.0, 8.0], [10.0, 8.0]]))
    plan = plan_resampling(frames, (24, 32), (8, 10))
    assert plan.boxes[0] == [4, 6, 14, 14]
    assert plan.turns == [0, -1]
    assert np.array_equal(read(STORED[0], frames, (8, 10)), STORED[0][6:14, 4:14])


def test_a_box_has_at_least_one_pixel() -> None:
    frames = whole_frames(1, 24, 32).crop(np.array([[4.1, 6.1]]), np.array([[0.2, 0.2]]))
    assert plan_resampling(frames, (24, 32), (8, 8)).boxes[0] == [4, 6, 5, 7]


def test_a_warp_by_whole_pixels_is_a_shift_with_mirrored_borders() -> None:
    frames = whole_frames(1, 24, 32).shift(np.array([[3.0, -2.0]]))
    expected = np.pad(STORED[0], ((0, 2), (3, 0), (0, 0)), mode="reflect")[2:, :32]
    assert np.array_equal(read(STORED[0], frames, (24, 32)), expected)


def test_bilinear_up_to_its_limit_and_averages_beyond() -> None:
    image = STORED[1]
    for size in ((16, 22), (48, 64)):
        assert max(24 / size[0], 32 / size[1]) <= BILINEAR_SHRINK
        out = np.empty((*size, 3), np.uint8)
        resize_into(image, out)
        assert np.array_equal(out, cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR))
    out = np.empty((8, 8, 3), np.uint8)
    resize_into(image, out)
    assert np.abs(out - image.reshape(8, 3, 8, 4, 3).mean(axis=(1, 3))).max() <= 0.5 + 1e-9
    constant = np.full((50, 9, 3), 93, np.uint8)
    for size in ((7, 7), (7, 20), (60, 3)):
        out = np.empty((*size, 3), np.uint8)
        resize_into(constant, out)
        assert (out == 93).all()
