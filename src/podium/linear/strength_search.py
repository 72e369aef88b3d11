"""The strength of a penalty by its loss on data that it was not fitted to."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["best_strength", "search_strength"]

STEP = 10.0
WEAKEST, STRONGEST = 1e-6, 1e4


def search_strength(evaluate: Callable[[float], float], start: float) -> dict[float, float]:
    """The losses along a path that begins at `start` and goes on while they fall: first weaker, else stronger.

    Args:
        evaluate: Strength -> loss, with one minimum.
        start: Where to begin.

    Example:
        >>> sorted(search_strength(lambda strength: (math.log10(strength) + 1.2) ** 2, 1.0))
        [0.01, 0.1, 1.0]
    """
    found = {start: evaluate(start)}
    for factor in (1 / STEP, STEP):
        latest = start
        while WEAKEST <= latest * factor <= STRONGEST:
            strength = float(f"{latest * factor:.6g}")
            found[strength] = evaluate(strength)
            if not found[strength] < found[latest]:
                break
            latest = strength
        if latest != start:
            break
    return found


def best_strength(losses: dict[float, float]) -> float:
    """Where a parabola through the best strength and its two neighbours is lowest, on a logarithmic scale.

    Example:
        >>> round(math.log10(best_strength({1.0: 1.44, 0.1: 0.04, 0.01: 0.64})), 6)
        -1.2
    """
    strengths = sorted(losses)
    place = min(range(len(strengths)), key=lambda i: losses[strengths[i]])
    if not 0 < place < len(strengths) - 1:
        return strengths[place]
    low, mid, high = (losses[strengths[place + shift]] for shift in (-1, 0, 1))
    bend = low - 2 * mid + high
    if not (math.isfinite(bend) and bend > 0):
        return strengths[place]
    return float(strengths[place] * STEP ** (0.5 * (low - high) / bend))
