"""Names of views and what they show, against slices and turns of numpy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from podium.data import eval_batch
from podium.data.view_frames import VIEW_SETS, expand_views, least_share, parts_of
from podium.errors import PodiumError, UnknownNameError, UsageError

IMAGE = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)


def show(view: str, side: int = 48) -> NDArray[np.uint8]:
    out = np.empty((1, side, side, 3), dtype=np.uint8)
    return eval_batch(IMAGE[None], np.array([0]), out, view)[0]


@pytest.mark.parametrize(
    ("view", "wanted"),
    [
        ("hflip+rot90", np.rot90(IMAGE[:, ::-1])),
        ("rot90+hflip", np.rot90(IMAGE)[:, ::-1]),
        ("vflip+plain", IMAGE[::-1]),
        ("rot180+rot270", np.rot90(IMAGE)),
    ],
)
def test_turns_are_those_of_numpy_one_after_the_other(view: str, wanted: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(show(view), wanted)


def test_tiles_are_slices_and_cover_the_image() -> None:
    tiles = [show(frame, 12) for frame in parts_of("tiles-4x4").frames]
    rows = [np.concatenate(tiles[start : start + 4], axis=1) for start in range(0, 16, 4)]
    np.testing.assert_array_equal(np.concatenate(rows), IMAGE)
    turned = [show(frame, 24) for frame in parts_of("hflip+tiles-2x2").frames]
    np.testing.assert_array_equal(turned[1], IMAGE[:, ::-1][:24, 24:])


def test_five_crops_are_the_middle_and_the_corners() -> None:
    found = [show(frame, 24) for frame in parts_of("five-0.5").frames]
    wanted = [IMAGE[12:36, 12:36], IMAGE[:24, :24], IMAGE[:24, 24:], IMAGE[24:, :24], IMAGE[24:, 24:]]
    for crop, part in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(crop, part)
    corners = [show(f"{name}-0.5", 24) for name in ("top-left", "top-right", "bottom-left", "bottom-right")]
    np.testing.assert_array_equal(corners, wanted[1:])


def test_a_larger_scale_is_a_centre_crop_and_a_smaller_one_has_mirrored_borders() -> None:
    np.testing.assert_array_equal(show("scale-1.25"), show("center-0.8"))
    small = show("scale-0.5", 96)  # two stored images wide, so nothing is resized
    np.testing.assert_array_equal(small[24:72, 24:72], IMAGE)
    np.testing.assert_array_equal(small[24:72, :24], IMAGE[:, 24:0:-1])


def test_words_stand_for_several_views_and_each_comes_once() -> None:
    assert expand_views(["turns", "hflip", "plain"]) == VIEW_SETS["turns"]
    assert parts_of("tiles-4x4-vote").pool == "vote"
    assert [least_share(view) for view in ("rot90", "center-0.8", "scale-0.5", "tiles-2x4")] == [1, 0.8, 2, 0.25]


@pytest.mark.parametrize(
    "view",
    [
        "hflop",
        "center-1",
        "top-left-1",
        "top-0.5",
        "scale-9",
        "tiles-9x2",
        "box:0,0,2",
        "box:1,0,0,1",
        "five-0.8+tiles-2x2",
        "",
    ],
)
def test_what_is_no_view_is_refused(view: str) -> None:
    with pytest.raises(PodiumError):
        parts_of(view)
    with pytest.raises(UnknownNameError, match="'hflip'"):
        parts_of("hflop")
    with pytest.raises(UsageError, match="2 frames"):
        show("tiles-1x2")
