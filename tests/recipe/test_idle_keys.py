"""Values that would be ignored: refused where somebody chose them, left alone where a preset says them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from podium import compose_recipe
from podium.errors import RecipeError
from podium.recipe import Recipe, apply_overrides, find_preset, load_recipe, save_recipe
from podium.recipe.idle_keys import refuse_idle_for_task
from podium.recipe.model_spec import ModelSpec
from podium.tables import Head, Task


def _start(preset: str) -> Recipe:
    """A preset, or the baseline whose heads are trained in epochs."""
    if preset != "gradient":
        return find_preset(preset)
    return apply_overrides(find_preset("baseline"), ["head.kind=gradient"])


@pytest.mark.parametrize(
    ("preset", "lines", "key"),
    [
        ("baseline", ["model.frozen_blocks=2"], "model.frozen_blocks=2 has no effect with model.freeze=backbone"),
        ("baseline", ["model.cached_views=2"], "model.cached_views"),
        ("gradient", ["optimizer.head_lr_factor=2"], "optimizer.head_lr_factor"),
        ("gradient", ["optimizer.layer_decay=0.5"], "optimizer.layer_decay"),
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
        (
            "gradient",
            ["optimizer.momentum=0.8"],
            "optimizer.momentum=0.8 has no effect with optimizer.name=adamw",
        ),
        ("baseline", ["model.unfreeze_after=2"], "model.unfreeze_after=2 has no effect with model.freeze=backbone"),
        ("baseline", ["model.head_start=probe"], "model.head_start=probe has no effect with model.freeze=backbone"),
        ("finetune", ["model.name=tiny", "model.act_layer=silu"], "model.act_layer=silu has no effect"),
        ("finetune", ["model.lora_rank=4"], "model.lora_rank=4 has no effect with model.freeze=blocks"),
        ("finetune", ["model.freeze=lora", "model.frozen_blocks=2"], "with model.freeze=lora"),
        ("finetune", ["model.freeze=lora", "model.unfreeze_after=2"], "with model.freeze=lora"),
        ("finetune", ["model.freeze=lora", "model.frozen_engine=openvino"], "with model.freeze=lora"),
        ("finetune", ["model.unfreeze_every=2"], "with model.unfreeze_after=null"),
        (
            "gradient",
            ["optimizer.betas=[0.9,0.95]", "optimizer.name=sgd"],
            r"betas=\[0.9,0.95\] has no effect",
        ),
        ("gradient", ["optimizer.eps=1e-3", "optimizer.name=lion"], "optimizer.eps"),
        (
            "gradient",
            ["optimizer.nesterov=true"],
            "optimizer.nesterov=True has no effect with optimizer.name=adamw",
        ),
        ("gradient", ["optimizer.sam_adaptive=true"], "optimizer.sam_rho=null"),
        (
            "gradient",
            ["schedule={kind: cosine, warmup_steps: 9, warmup_fraction: 0.1}"],
            "schedule.warmup_steps=9",
        ),
        (
            "gradient",
            ["schedule.warmup_fraction=0", "schedule.start_factor=0.5"],
            "with schedule.warmup_fraction=0",
        ),
        ("quick", ["head.kind=lda"], "head={kind: lda} has no effect with model.freeze=blocks"),
        ("baseline", ["head.kind=auto", "training.epochs=3"], "set head.kind=gradient, which trains"),
        ("baseline", ["head.kind=auto", "training.patience=3"], "training.patience"),
        ("baseline", ["head.kind=auto", "training.select=best"], "training.select"),
        ("baseline", ["head.kind=auto", "optimizer.lr=0.1"], "optimizer.lr=0.1 has no effect"),
        ("baseline", ["head.kind=auto", "schedule.kind=cosine"], "schedule"),
        ("baseline", ["head.kind=auto", "loss.single.label_smoothing=0.1"], "loss.single.label_smoothing"),
        ("baseline", ["head.kind=auto", "loss.single.kind=focal"], "loss.single"),
        ("baseline", ["head.kind=auto", "loss.multi.kind=asymmetric"], "loss.multi"),
        ("baseline", ["head.kind=auto", "loss.heads={a: {kind: focal}}"], "loss.heads.a"),
        ("baseline", ["head.kind=ridge", "loss.multi.positive_weights=balanced"], "loss.multi.positive_weights"),
        ("baseline", ["head.kind=auto", "model.drop_rate=0.5"], "model.drop_rate"),
        ("baseline", ["head.kind=auto", "model.ordinal=cumulative"], "model.ordinal=cumulative has no effect"),
    ],
)
def test_a_key_without_effect_is_refused(preset: str, lines: list[str], key: str) -> None:
    with pytest.raises(RecipeError, match=key):
        apply_overrides(_start(preset), lines)


def test_what_happens_anyway_may_be_said() -> None:
    lines = ["model.freeze=none", "model.frozen_engine=torch", "model.cached_views=0", "model.frozen_precision=fp32"]
    assert apply_overrides(find_preset("finetune"), lines).model.freeze == "none"
    plain = [
        "training.layout=channels_last",
        "training.augment_on=cpu",
        "optimizer.layer_decay=1",
    ]
    assert apply_overrides(_start("gradient"), plain).optimizer.layer_decay == 1


def test_solved_heads_take_weights_of_classes() -> None:
    lines = ["head.kind=auto", "loss.single.class_weights=balanced", "loss.multi.positive_weights=balanced"]
    recipe = apply_overrides(find_preset("baseline"), lines)
    assert recipe.is_solved
    assert not apply_overrides(recipe, ["model.freeze=none"]).is_solved
    assert not apply_overrides(recipe, ["head.kind=gradient", "training.epochs=3"]).is_solved


def test_lda_is_refused_for_several_labels() -> None:
    recipe = apply_overrides(find_preset("baseline"), ["head.kind=lda"])
    with pytest.raises(RecipeError, match=r"head\.kind=lda is for one class per image, but 'tags' has several labels"):
        refuse_idle_for_task(recipe, Task((Head("tags", "multi", ("a", "b")),)))


def test_the_last_line_counts() -> None:
    lines = ["model.frozen_blocks=2", "model.freeze=blocks"]
    assert apply_overrides(find_preset("baseline"), lines).model.frozen_blocks == 2


def test_what_other_keys_leave_without_effect_goes_back_to_its_default() -> None:
    blocks = apply_overrides(find_preset("quick"), ["model.frozen_blocks=5"])
    assert apply_overrides(blocks, ["model.freeze=none"]).model.frozen_blocks == ModelSpec().frozen_blocks == 3
    sgd = apply_overrides(find_preset("finetune"), ["optimizer.name=sgd", "optimizer.momentum=0.8"])
    assert apply_overrides(sgd, ["optimizer.name=adamw"]).optimizer.momentum is None


IN_FILES = {
    "model: {freeze: backbone, frozen_blocks: 2}": "model.frozen_blocks=2 has no effect with model.freeze=backbone",
    "model: {freeze: none, cached_views: 2}": "model.cached_views=2 has no effect with model.freeze=none",
    "feature_views: [plain, hflip]": "feature_views=[plain,hflip] has no effect with model.freeze=none",
    "{model: {freeze: backbone}, optimizer: {layer_decay: 0.5}}": "optimizer.layer_decay=0.5 has no effect",
    "{model: {freeze: backbone}, training: {augment_on: device}}": "training.augment_on=device has no effect",
    "model: {frozen_engine: openvino}": "model.frozen_engine=openvino has no effect with model.freeze=none",
    "model: {name: tiny, drop_path_rate: 0.5}": "model.drop_path_rate=0.5 has no effect with model.name=tiny",
    "optimizer: {momentum: 0.8}": "optimizer.momentum=0.8 has no effect with optimizer.name=adamw",
    "optimizer: {name: radam, momentum: 0.8}": "optimizer.momentum=0.8 has no effect with optimizer.name=radam",
    "schedule: {kind: one_cycle, warmup_fraction: 0, start_factor: 0.5}": "schedule.start_factor=0.5 has no effect",
}


@pytest.mark.parametrize("text", IN_FILES)
def test_a_file_or_an_object_is_refused_with_the_same_words(text: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    for source, where in ((file, f"{file}: "), (load_recipe(file), "recipe: ")):
        with pytest.raises(RecipeError, match=f"^{re.escape(where + IN_FILES[text])}"):
            compose_recipe(recipe=source)


@pytest.mark.parametrize(
    ("preset", "lines"),
    [
        ("quick", ["model.freeze=none"]),  # the preset's own six frozen blocks stay
        ("baseline", ["model.freeze=none", "model.cached_views=0"]),
        ("finetune", ["model.frozen_blocks=5", "model.cached_views=3", "model={freeze: none}"]),
        ("baseline", []),
        ("gradient", ["optimizer.name=sgd", "optimizer.momentum=0.8"]),
    ],
)
def test_the_recipe_of_a_run_starts_another(preset: str, lines: list[str], tmp_path: Path) -> None:
    recipe = apply_overrides(_start(preset), lines[:2])
    recipe = apply_overrides(recipe, lines[2:])
    save_recipe(recipe, tmp_path / "recipe.yaml")
    assert compose_recipe(recipe=tmp_path / "recipe.yaml") == recipe


ONE, TAGS = Head("mask", "single", ("worn", "none")), Head("tags", "multi", ("a", "b"))


@pytest.mark.parametrize(
    ("heads", "line", "words"),
    [
        ((ONE,), "loss.multi.kind=asymmetric", "loss.multi={kind: asymmetric} has no effect with one class per image"),
        ((ONE,), "loss.multi.label_smoothing=0.1", "label_smoothing: 0.1} has no effect with one class per image"),
        ((TAGS,), "loss.single.kind=focal", "loss.single={kind: focal} has no effect with several labels per image"),
        ((ONE,), "model.arrangement=separate", "model.arrangement=separate has no effect with one target"),
        ((ONE, TAGS), "loss.multi.kind=asymmetric", None),
        ((ONE, TAGS), "loss.single.kind=focal", None),
        ((ONE, TAGS), "model.arrangement=separate", None),
        ((TAGS,), "training.epochs=2", None),
    ],
)
@pytest.mark.parametrize("preset", ["gradient", "quick"])  # quick smooths single labels
def test_a_loss_for_other_targets_is_refused(
    preset: str, heads: tuple[Head, ...], line: str, words: str | None
) -> None:
    recipe = apply_overrides(_start(preset), [line])
    if words is None:
        refuse_idle_for_task(recipe, Task(heads))
    else:
        with pytest.raises(RecipeError, match=re.escape(words)):
            refuse_idle_for_task(recipe, Task(heads))
