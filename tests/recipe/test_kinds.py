"""Keys that only some kinds of a part have: whoever sets one is told the kind, whatever kinds the recipe gets."""

from __future__ import annotations

from typing import get_args

import pytest

from podium.data import Augmentation
from podium.errors import RecipeError
from podium.recipe import apply_overrides, baseline, parse_recipe
from podium.recipe.kinds import kinds_at, suggest_entry, suggest_key, suggest_kind
from podium.recipe.known_keys import nearest_key


def test_the_kinds_are_those_that_a_recipe_takes() -> None:
    assert list(kinds_at(["augmentations", "3"])) == [part.kind for part in get_args(Augmentation)]
    for path in (["loss", "single"], ["loss", "multi"], ["schedule"]):
        with pytest.raises(RecipeError) as caught:
            apply_overrides(baseline(), {".".join(path): {"kind": "none of them"}})
        for kind in kinds_at(path):
            assert repr(kind) in str(caught.value)
    assert kinds_at(["loss", "heads", "any name"]).keys() >= kinds_at(["loss", "single"]).keys()
    assert kinds_at(["nothing"]) == kinds_at(["seed"]) == kinds_at(["predict_views", "0"]) == {}


@pytest.mark.parametrize("place", ["loss.single", "loss.multi", "schedule"])
def test_every_key_of_every_kind_leads_to_its_kind(place: str) -> None:
    kinds = kinds_at(place.split("."))
    for kind, keys in kinds.items():
        for key in keys:
            hint = suggest_key([*place.split("."), key])
            owners = [name for name, known in kinds.items() if key in known]
            assert hint.endswith(f"set {place}.kind={owners[0]} before it.")
            assert kind in owners


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("loss.single.gamma=2", "It is a key of kind 'focal': set loss.single.kind=focal before it."),
        ("loss.single.gama=2", "Did you mean 'gamma', a key of loss.single.kind=focal?"),
        ("loss.gamma=2", "Did you mean 'gamma', a key of loss.single.kind=focal?"),
        ("schedule.milestones=[3]", "It is a key of kind 'multi_step': set schedule.kind=multi_step before it."),
        ("loss.single=focal", "Write loss.single.kind=focal."),
        ("schedule=cosin", "Write schedule.kind=cosine."),
        ("augmentations=rotate", "did you mean [rotate]?"),
        ("augmentations=[rotat]", "Did you mean 'rotate'?"),
        ("augmentations=[{n_holes: 3}]", "Kinds with these keys: 'cutout'."),
        ("augmentations.rotat=3", "Set the whole list, such as augmentations=[{kind: rotate}]."),
        ("augmentations.xyz=0.2", "Kinds: horizontal_flip, "),
        ("augmentations.0.probability=1", "Set the whole list, such as augmentations=[{kind: "),
        ("predict_views.hflip=1", "Set the whole list: predict_views=[...]."),
    ],
)
def test_what_is_said(line: str, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        apply_overrides(baseline(), [line])
    assert said in str(caught.value)


def test_a_file_is_answered_like_an_override() -> None:
    with pytest.raises(RecipeError, match="Kinds with these keys: 'focal'"):
        parse_recipe({"loss": {"single": {"gamma": 2}}})


def test_a_key_of_another_part_is_offered_only_by_its_very_name() -> None:
    assert nearest_key(["optimizer", "epochs"]) == "training.epochs"
    assert nearest_key(["optimizer", "epoch5"]) is None


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert suggest_key(["optimizer", "qwertz"]) == ""
    assert suggest_kind(["training"], "fast") == suggest_kind(["loss", "single"], 3) == ""
    assert suggest_entry(["predict_views", "7"]) == "Set the whole list: predict_views=[...]."
