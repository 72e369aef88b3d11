from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from podium.data.mixing import CutMix, Mixing, MixUp, PatchSwap, choose_mixing
from podium.errors import UsageError


@pytest.mark.parametrize("shape", ["box", "strip", "left_right", "top_bottom"])
def test_a_box_lies_in_the_image_and_has_its_shape(shape: Any) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        height, width = rng.integers(2, 40, 2).tolist()
        x0, y0, x1, y1 = CutMix(shape=shape).box(rng.random(), rng.random(2), height, width)
        assert 0 <= x0 <= x1 <= width
        assert 0 <= y0 <= y1 <= height
        if shape in ("strip", "left_right"):
            assert (y0, y1) == (0, height)
        if shape == "left_right":
            assert x1 - x0 == width // 2
            assert x0 == 0 or x1 == width
        if shape == "top_bottom":
            assert (x0, x1) == (0, width)
            assert y1 - y0 == height // 2
            assert y0 == 0 or y1 == height


def test_both_halves_come_as_often() -> None:
    u = np.linspace(0, 1, 100, endpoint=False)
    for shape, place in (("left_right", 0), ("top_bottom", 1)):
        starts = Counter(CutMix(shape=shape).box(0.1, np.array([x, 0.0]), 8, 6)[place] for x in u)  # type: ignore[arg-type]
        assert set(starts.values()) == {50}


@pytest.mark.parametrize(
    ("probabilities", "shares"),
    [
        ((1.0,), (1.0,)),
        ((0.3,), (0.3,)),
        ((0.2, 0.5), (0.2, 0.5)),
        ((1.0, 1.0), (0.5, 0.5)),
        ((1.0, 0.5), (2 / 3, 1 / 3)),
    ],
)
def test_probabilities_are_shares_of_batches(probabilities: tuple[float, ...], shares: tuple[float, ...]) -> None:
    mixings: list[Mixing] = [MixUp(probability=probability) for probability in probabilities]
    u = (np.arange(3000) + 0.5) / 3000
    counts = Counter(choose_mixing(mixings, value) for value in u)
    assert [counts[place] / 3000 for place in range(len(mixings))] == pytest.approx(list(shares), abs=1e-3)
    assert counts[None] / 3000 == pytest.approx(1 - sum(shares), abs=1e-3)


@pytest.mark.parametrize(
    ("kind", "arguments", "words"),
    [
        (MixUp, {"alpha": 0.0}, "alpha is 0.0, expected above 0"),
        (CutMix, {"alpha": -1.0}, "alpha is -1.0, expected above 0"),
        (MixUp, {"probability": 1.1}, "probability is 1.1"),
        (CutMix, {"probability": -0.1}, "probability is -0.1"),
        (CutMix, {"shape": "left_right", "alpha": 0.5}, "alpha has no effect with shape=left_right"),
        (CutMix, {"partner_head": "age"}, "partner_head has no effect with partner=any"),
        (MixUp, {"partner": "same_class", "partner_classes": ("a",)}, "no effect with partner=same_class"),
        (PatchSwap, {"cells": 1}, "cells is 1, expected 2 to 64"),
        (PatchSwap, {"swaps": 0}, "swaps is 0"),
        (PatchSwap, {"probability": 2.0}, "probability is 2.0"),
    ],
)
def test_impossible_settings_are_refused(kind: type[Any], arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        kind(**arguments)
