from __future__ import annotations

import pytest

from podium import compose_recipe
from podium.errors import RecipeError


def test_a_recipe_takes_every_view_of_one_frame() -> None:
    views = ("plain", "hflip+top-left-0.9", "scale-0.9", "center-0.9+rot90", "box:0,0,1,0.5")
    made = compose_recipe("baseline", overrides={"feature_views": list(views), "predict_views": list(views[:2])})
    assert made.feature_views == views
    assert made.predict_views == views[:2]


@pytest.mark.parametrize("key", ["feature_views", "predict_views"])
@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("hflop", "expected a view such as .plain., .hflip."),
        ("center-3", "center-F takes 0.1 to less than 1"),
        ("five-0.8", "has 5 pieces"),
        ("hflip+tiles-2x2", "has 4 pieces"),
    ],
)
def test_what_is_no_view_of_one_frame_is_refused_by_its_key(key: str, view: str, said: str) -> None:
    with pytest.raises(RecipeError, match=f"{key}.1.*{said}"):
        compose_recipe("finetune", overrides={key: ["plain", view]})
