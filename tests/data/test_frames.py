"""Maps of frames, followed point by point."""

from __future__ import annotations

import numpy as np
import pytest

from podium.data.frames import Frames, whole_frames


def follow(frames: Frames, x: float, y: float) -> list[list[float]]:
    """Where the point (x, y) of each frame lies in its stored image."""
    return np.round(frames.matrix @ [x, y, 1], 9).tolist()  # type: ignore[no-any-return]


WHOLE = whole_frames(2, 20, 30)


def test_a_whole_frame_is_the_image() -> None:
    assert follow(WHOLE, 7, 9) == [[7, 9], [7, 9]]
    assert len(WHOLE) == 2
    assert WHOLE.size.tolist() == [[30, 20], [30, 20]]
    assert WHOLE.shape.tolist() == [1.5, 1.5]


def test_flips_follow_their_masks() -> None:
    assert follow(WHOLE.flip([True, False], False), 7, 9) == [[23, 9], [7, 9]]
    assert follow(WHOLE.flip(False, [True, False]), 7, 9) == [[7, 11], [7, 9]]
    assert follow(WHOLE.flip(True, True).flip(True, True), 7, 9) == [[7, 9], [7, 9]]


@pytest.mark.parametrize("turns", range(-1, 6))
def test_quarter_turns_are_numpys(turns: int) -> None:
    y, x = np.mgrid[0:20, 0:30] + 0.5
    turned = np.rot90(np.stack([x, y], axis=-1), turns)
    frames = WHOLE.quarter_turn(turns)
    height, width = turned.shape[:2]
    assert frames.size[0].tolist() == [width, height]
    assert frames.shape[0] == pytest.approx(width / height)
    new_y, new_x = np.mgrid[0:height, 0:width] + 0.5
    points = np.stack([new_x, new_y, np.ones_like(new_x)], axis=-1)
    np.testing.assert_allclose(points @ frames.matrix[0].T, turned, atol=1e-12)


def test_a_crop_starts_at_its_corner_and_keeps_the_shape_of_the_whole() -> None:
    frames = WHOLE.crop(np.array([[3.0, 4.0], [0.0, 1.0]]), np.array([[10.0, 5.0], [2.0, 2.0]]))
    assert follow(frames, 1, 1) == [[4, 5], [1, 2]]
    assert frames.size.tolist() == [[10, 5], [2, 2]]
    assert frames.shape.tolist() == [1.5, 1.5]


def test_shifted_content_moves_right_and_down() -> None:
    assert follow(WHOLE.shift(np.array([[3.0, 2.0], [-1.0, 0.0]])), 7, 9) == [[4, 7], [8, 9]]


def test_rotation_keeps_centre_and_lengths_and_a_right_angle_is_a_quarter_turn() -> None:
    frames = WHOLE.rotate(np.array([33.0, -71.0]))
    assert follow(frames, 15, 10) == [[15, 10], [15, 10]]
    lengths = np.linalg.norm(np.array(follow(frames, 18, 14)) - [15, 10], axis=1)
    np.testing.assert_allclose(lengths, 5)
    square = whole_frames(1, 20, 20)
    np.testing.assert_allclose(square.rotate(np.array([90.0])).matrix, square.quarter_turn(1).matrix, atol=1e-12)
    assert follow(WHOLE.rotate(np.array([50.0, 9.0])).rotate(np.array([-50.0, -9.0])), 7, 9) == [[7, 9], [7, 9]]


def test_steps_read_back_through_the_earlier_ones() -> None:
    """The last step is nearest to the output: a crop of a flipped frame lies at the other side of the image."""
    frames = WHOLE.flip(True, False).crop(np.zeros((2, 2)), np.full((2, 2), 10.0))
    assert follow(frames, 1, 1) == [[29, 1], [29, 1]]
    turned = frames.quarter_turn(1)  # the right upper corner of the part is now its left upper one
    assert follow(turned, 0, 0) == [[20, 0], [20, 0]]


def test_frames_are_never_changed_in_place() -> None:
    before = WHOLE.matrix.copy()
    WHOLE.flip(True, True).quarter_turn(1).shift(np.ones((2, 2))).rotate(np.ones(2))
    assert np.array_equal(WHOLE.matrix, before)
