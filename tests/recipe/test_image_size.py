"""Image sizes as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from podium.recipe.image_size import LEAST_SIDE_PX, MOST_SIDE_PX, read_size


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("auto", "auto"),
        (LEAST_SIDE_PX, LEAST_SIDE_PX),
        (MOST_SIDE_PX, MOST_SIDE_PX),
        ([280, 210], (280, 210)),
        ((96, 96), 96),
    ],
)
def test_a_size_is_read(written: Any, size: Any) -> None:
    assert read_size(written) == size
    assert read_size(size) == size


@pytest.mark.parametrize(
    "written",
    [
        "280x210",
        "big",
        None,
        [],
        [96],
        [96, 96, 3],
        [96, 7],
        LEAST_SIDE_PX - 1,
        MOST_SIDE_PX + 1,
        96.5,
        -96,
        [[96, 96]],
    ],
)
def test_anything_else_is_refused_in_one_line(written: Any) -> None:
    with pytest.raises(ValueError, match=r"expected one side, or \[height, width\]") as caught:
        read_size(written)
    assert "\n" not in str(caught.value)
