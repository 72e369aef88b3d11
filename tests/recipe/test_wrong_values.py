"""Every key of a recipe beside every kind of wrong value: one line that names the key, what was got and expected."""

from __future__ import annotations

import datetime
from typing import Any, get_args

import pytest

from podium.data import Augmentation
from podium.errors import RecipeError
from podium.recipe import Recipe, apply_overrides, baseline, finetune, recipe_keys
from podium.recipe.wrong_values import show_value

ODD: dict[str, Any] = {
    "null": None,
    "empty": "",
    "text": "Ümlaut x",
    "long text": "x" * 5000,
    "lone surrogate": "\ud800",
    "digits": "9" * 5000,
    "empty list": [],
    "list": [1, 2, 3],
    "deep list": [[[]]],
    "tuple": (1, 2),
    "empty dict": {},
    "dict": {"a": 1},
    "dict of a number": {1: 2},
    "dict without a kind": {"kind": None},
    "dict with an odd kind": {"kind": []},
    "true": True,
    "false": False,
    "huge": 10**400,
    "very negative": -(10**30),
    "nan": float("nan"),
    "inf": float("inf"),
    "-inf": float("-inf"),
    "date": datetime.date(2026, 1, 1),
    "bytes": b"\xff",
    "set": {1},
}
WORDS = {
    "preset",
    "distill.teacher",
    "image.region",
    "image.detect",
    "model.name",
    "model.weights",
    "optimizer.name",
    "metric",
}
"""Keys that take any text; whoever looks the name up refuses it."""
NULLS = {
    "metric",
    "pool",
    "mixing",
    *(f"optimizer.{name}" for name in ("momentum", "betas", "eps", "nesterov", "sam_rho")),
    "schedule.warmup_steps",
    "model.act_layer",
    "model.nearest",
    "model.unfreeze_after",
    "model.unfreeze_every",
    *(f"training.{name}" for name in ("micro_batch", "clip_norm", "ema_decay", "patience", "soup_epochs")),
}
BY_CLASS = {"loss.single.class_weights", "loss.multi.positive_weights", "loss.parents"}
NAMED = {*BY_CLASS, "image.regions", "borders", "loss.head_weights", "loss.heads", "model.layers"}
"""Keys that take a value by the name of a class or head."""
SWITCHES = {"model.lora_norms", "optimizer.sam_adaptive", "optimizer.nesterov"}
LISTS = {"distill.teacher", "image.detect", "augmentations", "image.preprocessing", "mixing", "training.sampler_heads"}
NEEDS_REGION = {"image.detect", "image.region_pad"}
PARTS = {"image", "distill", "model", "features", "loss", "optimizer", "training"}


def _is_right(key: str, name: str) -> bool:
    if name in {"text", "long text", "digits"}:
        return key in WORDS
    is_empty_whole = (key in PARTS or key in NAMED) and name == "empty dict"
    is_weight = (
        key in NAMED and key not in ("image.regions", "borders", "loss.heads", "model.layers") and name == "dict"
    )
    if key in BY_CLASS and name == "dict of a number":
        return True
    if key == "image.value_range":
        return name == "tuple"
    if key == "features.depths":
        return name in {"list", "tuple"}
    is_no_list = key in LISTS and name == "empty list"
    return is_empty_whole or is_weight or is_no_list or (key in NULLS and name == "null")


@pytest.mark.parametrize("key", recipe_keys())
def test_a_wrong_value_is_refused_by_the_name_of_its_key(key: str) -> None:
    start = baseline() if key.startswith("features.") else Recipe()  # elsewhere these have no effect
    start = apply_overrides(start, {"image.region": "face"}) if key in NEEDS_REGION else start
    for name, value in ODD.items():
        if key in SWITCHES and isinstance(value, bool):
            continue
        if _is_right(key, name):
            assert isinstance(apply_overrides(start, {key: value}), Recipe)
        else:
            _check_refusal(start, key, value)


RANGES = ("ratio", "size_px", "brightness", "contrast", "saturation", "threshold", "clip_limit", "sigma", "quality")
RANGES += ("factor",)
"""Keys of augmentations that may be [1, 2]."""


@pytest.mark.parametrize("kind", [part.kind for part in get_args(Augmentation)])
def test_a_wrong_value_of_an_augmentation_is_refused(kind: str) -> None:
    recipe = apply_overrides(finetune(), {"augmentations": [{"kind": kind}]})
    keys = [key for key in recipe.model_dump()["augmentations"][0] if key != "kind"]
    for key in (f"augmentations.0.{key}" for key in keys):
        for name, value in ODD.items():
            leaf = key.rpartition(".")[2]
            if not (leaf in RANGES and name == "tuple") and (kind, leaf, name) != ("centre_crop", "size_px", "null"):
                _check_refusal(recipe, key, value)
    for name in ("null", "list", "text", "true", "nan"):
        _check_refusal(recipe, "augmentations.0", ODD[name])


def _check_refusal(recipe: Recipe, key: str, value: Any) -> None:
    with pytest.raises(RecipeError) as caught:
        apply_overrides(recipe, {key: value})
    message = str(caught.value)
    assert key in message or key.split(".")[-1] in message
    assert "expected" in message or "unknown recipe key" in message
    assert len(message) < 1000
    assert "\n" not in message
    assert "constrained" not in message
    assert "literal" not in message


def test_alternatives_are_one_sentence() -> None:
    with pytest.raises(RecipeError) as caught:
        apply_overrides(baseline(), {"model.cached_views": "some"})
    assert caught.value.what == "model.cached_views: expected a whole number or 'auto', got 'some'."


def test_long_values_are_shortened() -> None:
    assert show_value(-1.5) == "-1.5"
    assert show_value("auto") == "'auto'"
    assert len(show_value("x" * 5000)) < 70
    assert show_value(10**400) == "a number of about 401 digits"
