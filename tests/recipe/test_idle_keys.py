"""Keys that would be ignored: refused where they are named, left alone where a preset says them."""

from __future__ import annotations

import pytest

from podium.errors import RecipeError
from podium.recipe import apply_overrides, find_preset, parse_recipe


@pytest.mark.parametrize(
    ("preset", "lines", "key"),
    [
        ("baseline", ["model.frozen_blocks=2"], "model.frozen_blocks=2 has no effect with model.freeze=backbone"),
        ("baseline", ["model.cached_views=2"], "model.cached_views"),
        ("baseline", ["optimizer.head_lr_factor=2"], "optimizer.head_lr_factor"),
        ("baseline", ["optimizer.layer_decay=0.5"], "optimizer.layer_decay"),
        ("baseline", ["model.drop_path_rate=0.5"], "model.drop_path_rate"),
        ("baseline", ["training.layout=contiguous"], "training.layout"),
        ("baseline", ["training.augment_on=device"], "training.augment_on"),
        ("finetune", ["feature_views=[plain,hflip]"], r"feature_views=\[plain,hflip\] has no effect"),
        ("finetune", ["model.freeze=none", "model.frozen_engine=openvino"], "model.frozen_engine"),
        ("finetune", ["model.cached_views=0", "model.frozen_precision=bf16"], "with model.cached_views=0"),
        ("finetune", ["model.cached_views=2", "training.augment_on=device"], "training.augment_on"),
        ("finetune", ["model.name=tiny", "model.drop_path_rate=0.5"], "with model.name=tiny"),
        ("finetune", ["model={freeze: none, frozen_blocks: 4}"], "model.frozen_blocks=4"),
        ("finetune", ["feature_views.0=hflip"], "feature_views"),
    ],
)
def test_a_key_without_effect_is_refused(preset: str, lines: list[str], key: str) -> None:
    with pytest.raises(RecipeError, match=key):
        apply_overrides(find_preset(preset), lines)


def test_what_happens_anyway_may_be_said() -> None:
    lines = ["model.freeze=none", "model.frozen_engine=torch", "model.cached_views=0", "model.frozen_precision=fp32"]
    assert apply_overrides(find_preset("finetune"), lines).model.freeze == "none"
    plain = ["training.layout=channels_last", "training.augment_on=cpu", "optimizer.layer_decay=1"]
    assert apply_overrides(find_preset("baseline"), plain).optimizer.layer_decay == 1


def test_what_a_preset_says_besides_may_stay() -> None:
    thawed = apply_overrides(find_preset("quick"), ["model.freeze=none"])
    assert thawed.model.frozen_blocks == 6
    assert parse_recipe(thawed.model_dump(mode="json")) == thawed
    whole = apply_overrides(find_preset("baseline"), ["model.freeze=none"])
    assert whole.feature_views == ("plain", "hflip")


def test_the_last_line_counts() -> None:
    lines = ["model.frozen_blocks=2", "model.freeze=blocks"]
    assert apply_overrides(find_preset("baseline"), lines).model.frozen_blocks == 2
