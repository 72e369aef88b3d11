from __future__ import annotations

import math

import pytest

from podium.linear.strength_search import best_strength, search_strength


@pytest.mark.parametrize("best", [-4.3, -1.0, 0.2, 2.6])
def test_the_minimum_of_a_parabola_is_found(best: float) -> None:
    tried = []

    def loss(strength: float) -> float:
        tried.append(strength)
        return (math.log10(strength) - best) ** 2

    found = search_strength(loss, 1.0)
    assert math.log10(best_strength(found)) == pytest.approx(best, abs=1e-6)
    assert len(tried) == len(set(tried)) <= abs(best) + 4


def test_a_loss_that_always_falls_ends_at_the_edge() -> None:
    assert best_strength(search_strength(lambda strength: strength, 1.0)) == 1e-6
    assert best_strength(search_strength(lambda strength: -strength, 1.0)) == 1e4
