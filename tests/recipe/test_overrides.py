"""Recipes from files and lines: what is read back, what is refused, and that no file can name code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from podium.errors import RecipeError
from podium.recipe import (
    PRESETS,
    Recipe,
    apply_overrides,
    baseline,
    find_preset,
    finetune,
    load_recipe,
    parse_recipe,
    resolve_recipe,
    save_recipe,
)
from podium.recipe.image_spec import ImageSpec
from podium.recipe.loss_spec import FocalSpec, LossSpec
from podium.recipe.overrides import Overrides
from podium.recipe.schedule_spec import Constant, Cosine, OneCycle, StepDecay


@pytest.mark.parametrize("preset", PRESETS)
def test_a_recipe_survives_yaml(preset: str, tmp_path: Path) -> None:
    recipe = find_preset(preset)
    for item in (recipe, resolve_recipe(recipe, median_side_px=100), ODD):
        save_recipe(item, tmp_path / "recipe.yaml")
        assert load_recipe(tmp_path / "recipe.yaml") == item


ODD = Recipe(
    image=ImageSpec(size_px=(280, 210), stored_px=(322, 242)),
    preset="한글: yes",
    seed=2**62,
    schedule=StepDecay(every_epochs=5, factor=0.75),
    loss=LossSpec(single=FocalSpec(gamma=1e-12), head_weights={"no": 1 / 3, "1": 2.0, "a: b": 3.0}),
)


def test_lines_reach_every_depth() -> None:
    recipe = apply_overrides(
        finetune(),
        [
            "seed=7",
            "training.epochs=3",
            "optimizer.lr=3e-4",
            "training.clip_norm=null",
            "model.freeze=none",
            "augmentations.1.probability=0.25",
            "predict_views.1=vflip",
            "loss.head_weights.age=2",
            " image.size_px = 64",
            "metric=accuracy",
        ],
    )
    assert (recipe.seed, recipe.training.epochs, recipe.optimizer.lr, recipe.training.clip_norm) == (7, 3, 3e-4, None)
    assert recipe.augmentations[1].probability == 0.25  # type: ignore[union-attr]
    assert recipe.augmentations[0] == finetune().augmentations[0]
    assert recipe.predict_views == ("plain", "vflip")
    assert recipe.loss.head_weights == {"age": 2.0}
    assert (recipe.image.size_px, recipe.metric) == (64, "accuracy")


@pytest.mark.parametrize(
    ("written", "size", "sides"),
    [
        ("[280,210]", (280, 210), (280, 210)),
        ("[96, 128]", (96, 128), (96, 128)),
        ("[96, 96]", 96, (96, 96)),
        ("96", 96, (96, 96)),
    ],
)
def test_a_size_is_one_side_or_height_and_width(written: str, size: object, sides: tuple[int, int]) -> None:
    image = apply_overrides(baseline(), [f"image.size_px={written}", f"image.stored_px={written}"]).image
    assert (image.size_px, image.stored_px) == (size, size)
    assert image.sides == image.stored_sides == sides
    height = apply_overrides(baseline(), ["image.size_px=[280,210]", "image.size_px.0=300"]).image
    assert height.sides == (300, 210)


def test_later_lines_win_and_no_line_changes_nothing() -> None:
    assert apply_overrides(baseline(), ["seed=1", "seed=2"]).seed == 2
    assert apply_overrides(baseline(), []) == baseline()


def _gradient() -> Recipe:
    """The baseline, with heads that are trained in epochs."""
    return apply_overrides(baseline(), ["head.kind=gradient"])


def test_another_kind_starts_from_its_own_defaults() -> None:
    recipe = apply_overrides(_gradient(), ["schedule.kind=cosine", "schedule.end_factor=0.1"])
    assert recipe.schedule == Cosine(end_factor=0.1)
    assert apply_overrides(_gradient(), ["schedule={kind: step_decay, factor: 0.5}"]).schedule == StepDecay(factor=0.5)
    assert apply_overrides(_gradient(), ["schedule.kind=constant"]).schedule == Constant()


def test_parts_by_name_are_written_line_by_line() -> None:
    lines = [
        "borders.age.kind=soft",
        "borders.age.width=2",
        "model.layers.sex.kind=arcface",
        "model.layers.sex.scale=9",
    ]
    whole = {"borders": {"age": {"kind": "soft", "width": 2}}, "model.layers": {"sex": {"kind": "arcface", "scale": 9}}}
    assert apply_overrides(finetune(), lines) == apply_overrides(finetune(), whole)


def test_naming_the_kind_that_is_there_keeps_its_values() -> None:
    same = apply_overrides(_gradient(), ["schedule.kind=one_cycle"])
    assert same.schedule == _gradient().schedule == OneCycle(warmup_fraction=0.1)


def test_a_partial_mapping_keeps_what_it_does_not_name() -> None:
    recipe = apply_overrides(_gradient(), ["training={epochs: 3}", "schedule={end_factor: 0.5}"])
    assert recipe.training == _gradient().training.model_copy(update={"epochs": 3})
    assert recipe.schedule == OneCycle(warmup_fraction=0.1, end_factor=0.5)
    weighted = apply_overrides(_gradient(), ["loss={head_weights: {age: 2}}", "loss.head_weights={mask: 3}"])
    assert weighted.loss.head_weights == {"age": 2.0, "mask": 3.0}
    assert weighted.loss.single == _gradient().loss.single
    assert apply_overrides(weighted, ["loss.head_weights={}"]).loss.head_weights == {}


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("training.epoch=3", "training.epochs"),
        ("trainin.epochs=3", "training.epochs"),
        ("optimizer.qwertz=3", None),
        ("lr=1", "optimizer.lr"),
        ("training.lr=1", "optimizer.lr"),
        ("sampler=balanced", "loss.single.class_weights"),
        ("schedule.warmup_fracton=0.5", "schedule.warmup_fraction"),
        ("loss.single.label_smothing=0.1", "loss.single.label_smoothing"),
        ("augmentations.0.scales=[0.5, 1]", "scale"),
        ("sed=3", "seed"),
        ("training.oversampling=balanced", "loss.single.class_weights"),
        ("training.num_workers=2", None),
        ("sgd.nestrov=1", "optimizer.nesterov"),
        ("image.interpolation=bicubic", None),
        ("training.warmup_epochs=2", "schedule.warmup_fraction"),
        ("training.accumulation_steps=2", "training.micro_batch"),
        ("scheduler=cosine", "schedule.kind"),
        ("optimizer.epochs=3", "training.epochs"),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest(line: str, near: str | None) -> None:
    with pytest.raises(RecipeError, match="unknown recipe key") as caught:
        apply_overrides(finetune(), [line])
    assert repr(line.split("=")[0]) in str(caught.value)
    assert (f"Did you mean {near!r}" in str(caught.value)) == (near is not None)


SIZE = r"image.size_px: expected one side, or \[height, width\], of 8 to 4096 whole pixels, or auto, got"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("training.epochs=many", "training.epochs: expected a whole number, got 'many'"),
        ("training.epochs=0", "greater than 0"),
        ("optimizer.lr=.nan", "finite"),
        ("model.freeze=head", "'none', 'blocks', 'backbone' or 'lora'"),
        ("schedule.kind=cosin", "schedule.kind: .* or 'constant', got 'cosin'. Did you mean 'cosine'"),
        ("model.cached_views=-1", "model.cached_views: expected a number of at least 0 or 'auto', got -1"),
        ("training.precision=[bf16]", r"training.precision: expected 'fp32', .*, got \['bf16'\]"),
        ("training.precision=half", "training.precision: expected .*, got 'half'"),
        ("training.epochs=true", "training.epochs: expected a number, got True"),
        ("optimizer.name=''", "optimizer.name: expected text, got ''"),
        ("training.epochs=" + "9" * 5000, "is not plain YAML: it holds a value that cannot be read"),
        ("preset=2026-02-31", "is not plain YAML: it holds a value that cannot be read"),
        ("augmentations.1.probability=2", "augmentations: .*probability is 2.0, expected a number from 0 to 1"),
        ("augmentations.9.probability=1", "'9' is not a position in a list of 3"),
        ("augmentations.-1.probability=1", "'-1' is not a position"),
        ("augmentations.first=1", "'first' is not a position"),
        ("seed.value=3", "unknown recipe key 'seed.value'|plain value"),
        ("training.epochs", "overrides: cannot read"),
        ("training.epochs=[1", "is not plain YAML"),
        ("=3", "unknown recipe key"),
        ("training=5", "training"),
        ("image.size_px=280x210", SIZE + ".*'280x210'"),
        ("image.size_px=280,210", SIZE + ".*'280,210'"),
        ("image.size_px=[]", SIZE + r".*\[\]"),
        ("image.size_px=[280]", SIZE),
        ("image.size_px=[280,210,3]", SIZE + r".*\[280, 210, 3\]"),
        ("image.size_px=[280,auto]", SIZE),
        ("image.size_px=[280,7]", SIZE),
        ("image.stored_px=[4097,210]", SIZE.replace("size_px", "stored_px")),
        ("image.size_px=210.5", SIZE),
        ("image.size_px={height: 280, width: 210}", SIZE),
        ("image.size_px=null", SIZE),
        ("borders.age.kind=moved", r"borders\.age\.at is missing, expected beside \{'kind': 'moved'\}"),
        ("borders.age={kind: soft}", r"borders\.age\.width is missing"),
        ("borders.age.at=[30]", "Kinds with these keys: 'moved'"),
        ("borders.age.knd=soft", "borders.age: expected keys and values with a kind"),
        ("model.layers.age.scale=9", "Kinds with these keys: "),
        ("image.size_px=big", SIZE),
        ("seed=!!python/object/apply:os.system ['true']", "is not plain YAML"),
    ],
)
def test_a_wrong_line_is_refused(line: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        apply_overrides(finetune(), [line])


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch {proof}']",
        "seed: !!python/object/apply:os.system ['touch {proof}']",
        "seed: !!python/name:os.system",
        "model: !!python/object/new:type {{args: [x, [], {{}}]}}",
        "just text",
        "- a\n- list",
        "a: [1",
        "a: &x [1, 1]\nb: [*x, *x]",
        "a: " + "[" * 1000,
        "# " + "x" * 2**21,
        "\x00",
        "",
    ],
)
def test_a_file_that_is_no_recipe_is_refused_and_runs_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text.format(proof=tmp_path / "proof"))
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    assert caught.value.where == str(path)
    assert not (tmp_path / "proof").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nothing\.yaml"):
        load_recipe(tmp_path / "nothing.yaml")


def test_a_pipe_is_named_as_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mine.yaml")
    with pytest.raises(RecipeError, match="this is a pipe or a device, not a recipe file"):
        load_recipe(tmp_path / "mine.yaml")


def test_several_mistakes_are_told_at_once() -> None:
    with pytest.raises(RecipeError, match=r"optimizer\.lr: .*training\.epochs: "):
        parse_recipe({"training": {"epochs": 0}, "optimizer": {"lr": -1}})


@pytest.mark.parametrize("overrides", [["preset=quick"], {"preset": "finetune"}])
def test_a_preset_is_not_an_override(overrides: Overrides) -> None:
    with pytest.raises(RecipeError, match=r"overrides: preset=.*set `preset='(quick|finetune)'`"):
        apply_overrides(PRESETS["baseline"](), overrides)
    assert apply_overrides(PRESETS["baseline"](), ["preset=mine"]).preset == "mine"
    assert apply_overrides(PRESETS["baseline"](), ["preset=baseline"]) == PRESETS["baseline"]()
