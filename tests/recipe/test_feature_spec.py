"""Depths and statistics as people write them, and what an "auto" becomes in a run's recipe."""

from __future__ import annotations

import pytest

from podium.errors import RecipeError
from podium.recipe import apply_overrides, baseline, check_buildable, finetune, parse_recipe, settle_features
from podium.recipe.feature_spec import FeatureSpec
from podium.tables import Head, Task

TASK = Task((Head("label", "single", ("a", "b")),))
TINY = ("model.name=tiny", "model.weights=random", "image.size_px=32", "training.layout=channels_last")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("all", "all"),
        ("3", (3,)),
        ("[5,2,last]", (2, 5, "last")),
        ("[last]", "last"),
        ("[last,1]", (1, "last")),
    ],
)
def test_depths(written: str, read: object) -> None:
    recipe = apply_overrides(baseline(), [f"features.depths={written}"])
    assert recipe.features.depths == read
    assert parse_recipe(recipe.model_dump(mode="json")) == recipe


@pytest.mark.parametrize("written", ["0", "[]", "[2,2]", "[first]", "some", "true", "[true]", "1.5", "[[1]]", "null"])
def test_depths_that_mean_nothing_are_refused_in_one_line(written: str) -> None:
    with pytest.raises(
        RecipeError, match=r"features.depths: expected last, all, auto, or a list of block numbers|true"
    ):
        apply_overrides(baseline(), [f"features.depths={written}"])


def test_statistics_are_a_set_in_one_order() -> None:
    recipe = apply_overrides(baseline(), ["features.statistics=[std,class]"])
    assert recipe.features.statistics == ("class", "std")
    assert apply_overrides(baseline(), ["features.statistics=mean"]).features.statistics == ("mean",)
    for wrong in ("[max]", "[]", "[mean,mean]", "2", "[[mean]]", "{mean: 1}"):
        with pytest.raises(RecipeError, match=r"features.statistics: expected a list of class, mean and std"):
            apply_overrides(baseline(), [f"features.statistics={wrong}"])


def test_where_nothing_is_read_they_are_refused() -> None:
    for line in ("features.depths=all", "features.statistics=[std]"):
        with pytest.raises(RecipeError, match=r"no effect with model.freeze=blocks"):
            apply_overrides(finetune(), [line])
    with pytest.raises(RecipeError, match=r"no effect with features.depths=last"):
        apply_overrides(baseline(), ["features.depths=last", "features.statistics=[std]"])
    assert apply_overrides(finetune(), ["features.depths=last"]).features == FeatureSpec()
    assert apply_overrides(baseline(), ["model.freeze=none", "augmentations=[]"]).model.freeze == "none"


def settle(*lines: str) -> FeatureSpec:
    recipe = apply_overrides(baseline(), [*TINY, *lines])
    return settle_features(recipe, check_buildable(recipe, TASK)[1]).features


def test_a_run_records_what_auto_became() -> None:
    assert settle() == FeatureSpec(depths=(2, 3, "last"), statistics=("mean", "std"))
    assert settle("features.depths=all") == FeatureSpec(depths="all", statistics=("mean", "std"))
    assert settle("features.depths=last") == FeatureSpec()
    vit = settle("model.name=test_vit")
    assert vit == FeatureSpec(depths=(4, 5, 6, 7, "last"), statistics=("class", "mean"))
    assert settle("model.name=test_vit", "features.depths=[4,5,6,7,last]", "features.statistics=[class,mean]") == vit


def test_a_recipe_of_before_reads_the_last_features() -> None:
    old = baseline().model_dump(mode="json")
    del old["features"]
    assert parse_recipe(old).features == FeatureSpec(depths="last")
