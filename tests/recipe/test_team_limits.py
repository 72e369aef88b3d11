"""What several processes cannot train together is refused with the way out."""

from __future__ import annotations

import pytest

from podium.errors import RecipeError
from podium.recipe import find_preset
from podium.recipe.team_limits import refuse_in_team, without_compiling


@pytest.mark.parametrize(
    ("preset", "changes", "said"),
    [
        ("baseline", {}, "freeze=backbone"),
        ("finetune", {"compile": "inductor"}, "training.compile=none"),
        ("finetune", {"batch_size": 3}, "training.batch_size=4 or more"),
        ("finetune", {"micro_batch": 2}, "training.micro_batch=4 or more"),
    ],
)
def test_a_recipe_for_one_process_is_refused(preset: str, changes: dict[str, object], said: str) -> None:
    recipe = find_preset(preset)
    recipe = recipe.model_copy(update={"training": recipe.training.model_copy(update=changes)})
    with pytest.raises(RecipeError) as caught:
        refuse_in_team(recipe, 4)
    assert said in str(caught.value)


def test_a_network_that_trains_is_taken_and_not_compiled() -> None:
    recipe = find_preset("finetune")
    refuse_in_team(recipe, 4)
    assert without_compiling(recipe).training.compile == "none"
