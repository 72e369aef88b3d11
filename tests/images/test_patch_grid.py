"""Sizes that patches do not cover are told, with the nearest that they do."""

from __future__ import annotations

import re

import pytest

from podium.images import describe_misfit


@pytest.mark.parametrize("patch", [4, 14, 16])
def test_the_nearest_sizes_are_the_multiples_around(patch: int) -> None:
    for side in range(8, 300):
        said = describe_misfit(side, (patch, patch))
        assert (said is None) == (side % patch == 0)
        if said is not None:
            named = [int(number) for number in re.findall(r"\d+", said.partition(";")[2])]
            around = [multiple for multiple in range(patch, 400, patch) if abs(multiple - side) < patch]
            assert named == around


def test_sides_of_a_rectangle_are_looked_at_each() -> None:
    assert describe_misfit((28, 42), (14, 14)) is None
    assert str(describe_misfit((28, 40), (14, 14))).endswith("the nearest sizes are 28 and [28,42]")
    assert str(describe_misfit((30, 40), (16, 8))).endswith("the nearest sizes are [16,40] and [32,40]")
