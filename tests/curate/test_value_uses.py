"""How much of their range deep images use, and the range that fits them."""

from __future__ import annotations

import pytest

from podium.curate import ValueUse


@pytest.mark.parametrize(
    ("use", "n_levels", "better"),
    [
        (ValueUse(4, 0, 65535, 0, 4090), 17, (0, 4095)),
        (ValueUse(4, 0, 65535, 0, 1000), 5, (0, 1023)),
        (ValueUse(4, 0, 32767, 163, 220), 1, (163, 220)),
        (ValueUse(4, 0, 1, 0.0, 0.1), 26, (0, 0.1)),
        (ValueUse(4, -32768, 32767, -1000, 3000), 17, (-1000, 3000)),
    ],
)
def test_few_levels_are_noticed_with_a_range_that_fits(
    use: ValueUse, n_levels: int, better: tuple[float, float]
) -> None:
    assert abs(use.n_levels - n_levels) <= 1
    assert use.is_small
    assert use.better_range == better


@pytest.mark.parametrize(
    "use", [ValueUse(4, 0, 65535, 0, 60000), ValueUse(4, 0, 65535, 9000, 40000), ValueUse(4, 0, 65535, 7, 7)]
)
def test_a_used_range_and_flat_images_are_not(use: ValueUse) -> None:
    assert not use.is_small
