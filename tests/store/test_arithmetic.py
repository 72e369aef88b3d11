"""What a score was computed with, from the recipe and the record of a run."""

from __future__ import annotations

from typing import Any

import pytest

from podium.store import arithmetic_of, arithmetic_words

TRAINING = {"precision": "bf16", "layout": "contiguous", "augment_on": "cpu"}
FROZEN = {"frozen_precision": "fp32", "frozen_engine": "openvino"}


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"freeze": "none", "cached_views": 0, **FROZEN}, "bf16, contiguous (fixed)"),
        ({"freeze": "backbone", "cached_views": 0, **FROZEN}, "bf16, contiguous, frozen part fp32 by openvino (fixed)"),
        ({"freeze": "blocks", "cached_views": 0, **FROZEN}, "bf16, contiguous (fixed)"),
        (
            {"freeze": "blocks", "cached_views": 3, **FROZEN},
            "bf16, contiguous, frozen part fp32 by openvino, 3 cached views (fixed)",
        ),
    ],
)
def test_only_what_was_used_is_told(model: dict[str, Any], words: str) -> None:
    found = arithmetic_of({"training": TRAINING, "model": model}, {"threads": 2, "autotune": {}})
    assert arithmetic_words(found) == words
    assert found["threads"] == 2
    assert found["training.precision"] == "bf16"


def test_a_measured_choice_is_told_as_such() -> None:
    found = arithmetic_of({"training": TRAINING | {"augment_on": "device"}}, {"autotune": {"training": {}}})
    assert arithmetic_words(found) == "bf16, contiguous, images made on the device (autotune)"


@pytest.mark.parametrize("recipe", [{}, {"training": [], "model": 1}])
def test_a_damaged_recipe_is_told_as_far_as_it_goes(recipe: dict[str, Any]) -> None:
    assert arithmetic_words(arithmetic_of(recipe, {})) == "(fixed)"
