"""Recipes built in Python: what every value may be, which of them go together, and that none changes afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from podium.errors import RecipeError
from podium.recipe import Recipe, apply_overrides, baseline, finetune
from podium.recipe.image_spec import ImageSpec
from podium.recipe.loss_spec import (
    AsymmetricSpec,
    BinaryCrossEntropySpec,
    BinaryFocalSpec,
    CrossEntropySpec,
    FocalSpec,
    LossSpec,
)
from podium.recipe.model_spec import ModelSpec
from podium.recipe.optimizer_spec import OptimizerSpec
from podium.recipe.schedule_spec import (
    Constant,
    Cosine,
    CosineRestarts,
    Cyclic,
    MultiStep,
    OneCycle,
    Plateau,
    Polynomial,
    StepDecay,
)
from podium.recipe.training_spec import TrainingSpec

TINY = 1e-300

FRACTION = ((0, 1), (-TINY, 1.0000001))
POSITIVE = ((TINY, 1e300), (0, -1))
NOT_NEGATIVE = ((0, 1e300), (-TINY,))
COUNT = ((1, 10**6), (0, -1, 1.5))
SCHEDULES = (OneCycle, Cosine, CosineRestarts, Polynomial, StepDecay, MultiStep, Cyclic, Plateau, Constant)
POSITIVE_WEIGHTS = (("none", "balanced", {}, {"a": TINY}), ({"a": 0}, {"a": -1}, "square_root"))
CLASS_WEIGHTS = (("none", "square_root", {}, {"a": TINY}), ({"a": 0}, {"a": -1}, "inverse"))
LIMITS: dict[tuple[type[BaseModel], str], tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    (ImageSpec, "size_px"): ((8, 4096, (8, 4096)), (7, 4097, (8, 7), (4097, 8))),
    (ImageSpec, "stored_px"): ((8, 4096, (8, 4096)), (7, 4097, (8, 7), (4097, 8))),
    (ImageSpec, "region_pad"): ((0, 0.5, 20.0, (1.0, 2.0, 3.0, 4.0)), (-1, (1, 2, 3))),
    (ImageSpec, "value_range"): (("full", (0.0, 4095.0), (-1000.0, 0.5)), ((1, 1), (2, 1), (0, 1, 2), "auto")),
    (ModelSpec, "frozen_blocks"): COUNT,
    (ModelSpec, "lora_rank"): COUNT,
    (ModelSpec, "nearest"): ((None, 1, 10**6, "prototypes"), (0, -1, 1.5)),
    (ModelSpec, "lora_alpha"): POSITIVE,
    (ModelSpec, "lora_dropout"): ((0, 1 - 1e-12), (-TINY, 1)),
    (ModelSpec, "unfreeze_after"): ((None, 1, 10**6), (0, -1, 1.5)),
    (ModelSpec, "unfreeze_every"): ((None, 1, 10**6), (0, -1, 1.5)),
    (ModelSpec, "cached_views"): ((0, 16, "auto"), (-1, 0.5, "all")),
    (ModelSpec, "drop_rate"): FRACTION,
    (ModelSpec, "drop_path_rate"): FRACTION,
    (LossSpec, "parent_weight"): POSITIVE,
    (CrossEntropySpec, "label_smoothing"): FRACTION,
    (CrossEntropySpec, "class_weights"): CLASS_WEIGHTS,
    (FocalSpec, "gamma"): NOT_NEGATIVE,
    (FocalSpec, "class_weights"): CLASS_WEIGHTS,
    (BinaryCrossEntropySpec, "label_smoothing"): FRACTION,
    (BinaryCrossEntropySpec, "positive_weights"): POSITIVE_WEIGHTS,
    (BinaryFocalSpec, "gamma"): NOT_NEGATIVE,
    (BinaryFocalSpec, "alpha"): ((None, 0, 1), (-TINY, 1.0000001)),
    (BinaryFocalSpec, "positive_weights"): POSITIVE_WEIGHTS,
    (AsymmetricSpec, "gamma_negative"): NOT_NEGATIVE,
    (AsymmetricSpec, "gamma_positive"): NOT_NEGATIVE,
    (AsymmetricSpec, "clip"): FRACTION,
    (LossSpec, "head_weights"): (({}, {"age": TINY}), ({"age": 0}, {"age": -1})),
    (OptimizerSpec, "lr"): POSITIVE,
    (OptimizerSpec, "weight_decay"): NOT_NEGATIVE,
    (OptimizerSpec, "betas"): ((None, (0.0, 1 - 1e-12), (0.9, 0.8, 0.7)), ((0.9,), (0.9, 1), (-TINY, 0.5), (0.1,) * 4)),
    (OptimizerSpec, "eps"): ((None, TINY), (0, -1)),
    (OptimizerSpec, "sam_rho"): ((None, TINY, 2.0), (0, -1)),
    (OptimizerSpec, "head_lr_factor"): POSITIVE,
    (OptimizerSpec, "layer_decay"): ((TINY, 1), (0, 1.0000001)),
    (OneCycle, "start_factor"): POSITIVE,
    (OneCycle, "end_factor"): NOT_NEGATIVE,
    (Cosine, "end_factor"): NOT_NEGATIVE,
    (StepDecay, "every_epochs"): COUNT,
    (StepDecay, "factor"): POSITIVE,
    (CosineRestarts, "cycle_epochs"): COUNT,
    (CosineRestarts, "multiplier"): COUNT,
    (CosineRestarts, "end_factor"): NOT_NEGATIVE,
    (Polynomial, "power"): POSITIVE,
    (Polynomial, "end_factor"): FRACTION,
    (MultiStep, "milestones"): (((1,), (2, 5)), ((), (0, 1), (3, 3), (5, 2), (1.5,))),
    (MultiStep, "factor"): POSITIVE,
    (Cyclic, "base_lr"): POSITIVE,
    (Cyclic, "cycle_epochs"): POSITIVE,
    (Cyclic, "decay"): ((TINY, 1), (0, 1.0000001)),
    (Plateau, "factor"): ((TINY, 1 - 1e-12), (0, 1)),
    (Plateau, "patience"): ((0, 10**6), (-1, 1.5)),
    (Plateau, "min_delta"): FRACTION,
    **{(kind, "warmup_steps"): ((None, 1, 10**6), (0, -1, 1.5)) for kind in SCHEDULES},
    **{(kind, "warmup_fraction"): FRACTION for kind in SCHEDULES},
    (ImageSpec, "mean"): (("weights", "dataset", (0.0, 0.5, 1.0)), ((0.5,), (0.5, 0.5), "own")),
    (ImageSpec, "std"): (("weights", "dataset", (TINY, 0.5, 1.0)), ((0.5,), (0.0, 0.5, 0.5), (-1, 1, 1), "own")),
    (TrainingSpec, "epochs"): COUNT,
    (TrainingSpec, "unmixed_last_epochs"): ((0, 1, 10**6), (-1, 1.5)),
    (TrainingSpec, "batch_size"): COUNT,
    (TrainingSpec, "soup_epochs"): ((None, 2, 10), (0, 1, -1, 1.5)),
    (TrainingSpec, "micro_batch"): ((None, 1), (0, -1)),
    (TrainingSpec, "clip_norm"): ((None, TINY), (0, -1)),
    (TrainingSpec, "ema_decay"): ((None, TINY, 1 - 1e-12), (0, 1)),
    (TrainingSpec, "patience"): ((None, 1), (0, -1)),
    (Recipe, "seed"): ((0, 2**62), (-1, 0.5)),
}
PARTS = sorted({part for part, _ in LIMITS}, key=lambda part: part.__name__)


@pytest.mark.parametrize(("part", "key"), LIMITS, ids=lambda item: getattr(item, "__name__", item))
def test_the_limits_of_a_value_belong_to_it_and_what_lies_beyond_is_refused(part: type[BaseModel], key: str) -> None:
    allowed, refused = LIMITS[part, key]
    for value in allowed:
        assert getattr(part(**{key: value}), key) == value
    for value in (*refused, "many", float("nan"), float("inf")):
        with pytest.raises(ValidationError, match=key):
            part(**{key: value})


@pytest.mark.parametrize("part", PARTS)
def test_every_number_of_a_part_has_its_limits_here(part: type[BaseModel]) -> None:
    numbers = {
        key for key, field in part.model_fields.items() if {"int", "float"} & set(_words(repr(field.annotation)))
    }
    assert numbers - {key for other, key in LIMITS if other is part} <= {"momentum", "beta"}


def _words(text: str) -> list[str]:
    return "".join(sign if sign.isalnum() else " " for sign in text).split()


@pytest.mark.parametrize("part", PARTS)
def test_a_part_never_changes_and_has_no_other_keys(part: type[BaseModel]) -> None:
    made = part()
    key = next(iter(part.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(made, key, getattr(made, key))
    with pytest.raises(ValidationError, match="qwertz"):
        part(qwertz=1)


def test_sides_are_height_and_width_once_the_recipe_is_resolved() -> None:
    image = ImageSpec(size_px=(280, 210), stored_px=96)
    assert (image.sides, image.stored_sides) == ((280, 210), (96, 96))
    for name in ("sides", "stored_sides"):
        with pytest.raises(AssertionError, match="not resolved"):
            getattr(ImageSpec(), name)


def test_momentum_is_a_fraction() -> None:
    assert OptimizerSpec().momentum is None
    for momentum in (0.0, 0.8, 1.0):
        assert OptimizerSpec(name="sgd", momentum=momentum).momentum == momentum
    for momentum in (-0.1, 1.1):
        with pytest.raises(ValidationError, match="momentum"):
            OptimizerSpec(name="sgd", momentum=momentum)


def test_beta_is_below_one_and_stands_beside_effective_number() -> None:
    for beta in (0.0, 0.9, 1 - 1e-12):
        assert CrossEntropySpec(class_weights="effective_number", beta=beta).beta == beta
    for beta in (-0.1, 1.0):
        with pytest.raises(ValidationError, match="beta"):
            FocalSpec(class_weights="effective_number", beta=beta)
    with pytest.raises(ValidationError, match="expected class_weights=effective_number beside beta"):
        FocalSpec(class_weights="balanced", beta=0.9)


def test_classes_that_are_numbers_go_by_their_names() -> None:
    assert CrossEntropySpec(class_weights={0: 2.0, "1": 3.0}).class_weights == {"0": 2.0, "1": 3.0}  # type: ignore[dict-item]


def change(recipe: Recipe, **values: Any) -> Recipe:
    return Recipe.model_validate({**recipe.model_dump(), **values})


def test_a_frozen_backbone_refuses_what_it_could_not_do() -> None:
    frozen = {**finetune().model_dump()["model"], "freeze": "backbone"}
    with pytest.raises(ValidationError, match="feature_views, not augmentations"):
        change(finetune(), model=frozen)
    assert change(finetune(), model=frozen, augmentations=(), predict_views=("plain",)).model.freeze == "backbone"
    views = ("plain", "rot90")
    with pytest.raises(ValidationError, match=r"\['rot90'\] are not among the cached"):
        change(baseline(), predict_views=views)
    assert change(baseline(), predict_views=views, feature_views=views).predict_views == views
    assert change(baseline(), predict_views=("hflip",)).predict_views == ("hflip",)  # a part of the cached ones
    assert change(finetune(), predict_views=views).predict_views == views  # nothing is cached


@pytest.mark.parametrize("key", ["predict_views", "feature_views"])
def test_views_are_one_or_more_and_each_stands_once(key: str) -> None:
    for views in ((), ("plain", "plain"), ("plain", "hflip", "plain")):
        with pytest.raises(ValidationError, match=f"{key}: expected each view once, and at least one"):
            Recipe.model_validate({key: views})


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["schedule={kind: multi_step, milestones: [3, 10]}"], "go beyond training.epochs=10"),
        (["schedule={kind: multi_step, milestones: [6, 3]}"], "ascending"),
        (["schedule={kind: cosine_restarts, cycle_epochs: 10}"], "no shorter than training.epochs=10"),
        (["schedule={kind: cyclic, base_lr: 0.01}", "optimizer.lr=0.001"], "base_lr=0.01 is not below"),
        (["schedule={kind: cyclic, cycle_epochs: 21}"], "never be reached"),
        (["schedule={kind: plateau, patience: 8}"], "could never be reduced. Choose at most 7"),
    ],
)
def test_a_schedule_that_does_not_fit_the_training_is_refused(lines: list[str], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        apply_overrides(Recipe(), lines)


def test_schedules_at_their_limits_are_allowed() -> None:
    for line in (
        "schedule={kind: multi_step, milestones: [9]}",
        "schedule={kind: cosine_restarts, cycle_epochs: 9}",
        "schedule={kind: cyclic, cycle_epochs: 20}",
        "schedule={kind: plateau, patience: 7}",
    ):
        assert apply_overrides(Recipe(), [line]).schedule.kind in line
