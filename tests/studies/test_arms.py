"""Which arms a study has, and how they are written on a command line."""

from __future__ import annotations

import pytest

from podium.errors import PodiumError, UsageError
from podium.recipe import finetune
from podium.studies.arms import StudyArm, ask, plan_arms, read_arms, read_vary
from podium.studies.questions import QUESTIONS
from podium.workflows import compose_recipe


def test_one_key_at_a_time_or_all_against_all() -> None:
    vary = {"a": [1, 2], "b": [3, 4]}
    assert [arm.name for arm in plan_arms(vary)] == ["base", "a=1", "a=2", "b=3", "b=4"]
    assert [arm.changes for arm in plan_arms(vary, grid=True)][1:] == [
        {"a": 1, "b": 3},
        {"a": 1, "b": 4},
        {"a": 2, "b": 3},
        {"a": 2, "b": 4},
    ]


def test_the_same_way_is_tried_once() -> None:
    assert [arm.name for arm in plan_arms({"head.kind": ["lda", "lda"]}, ask("head"))].count("head.kind=lda") == 1


def test_nothing_and_too_much_are_refused() -> None:
    with pytest.raises(UsageError, match="nothing to try"):
        plan_arms({})
    with pytest.raises(UsageError, match="'a' has no value"):
        plan_arms({"a": []})
    with pytest.raises(UsageError, match="225 arms"):
        plan_arms({"a": list(range(15)), "b": list(range(15))}, grid=True)
    with pytest.raises(UsageError, match="Did you mean 'resolution'"):
        ask("resolutions")


def test_words_are_read_as_yaml() -> None:
    assert read_vary(["a=1e-3,0.5,true,null,x", "b=[1, 2],{kind: soft, width: 2}", "a=7"]) == {
        "a": [0.001, 0.5, True, None, "x", 7],
        "b": [[1, 2], {"kind": "soft", "width": 2}],
    }
    for wrong in ("a", "=1", "a=[1"):
        with pytest.raises(UsageError, match="cannot read"):
            read_vary([wrong])


def test_keys_that_move_together_are_one_arm() -> None:
    changes = read_arms(["a=1  b.c={kind: soft, width: 2} d=[1, 2]", "e=x"])
    assert changes == [{"a": 1, "b.c": {"kind": "soft", "width": 2}, "d": [1, 2]}, {"e": "x"}]
    assert [arm.name for arm in plan_arms({"a": [3], "e": ["y"]}, [{"a": 1, "f": 2}], grid=True)] == [
        "base",
        "a=1, f=2",
        "a=3, e=y",
    ]
    for wrong in ("", "a", "a=1 a=2", "a=1 b=[1"):
        with pytest.raises(UsageError, match="cannot read") as refused:
            read_arms([wrong])
        assert refused.value.field == "arm"
    with pytest.raises(UsageError, match="changes nothing"):
        plan_arms({}, [{}])


def test_a_folder_has_a_name_that_every_file_system_takes() -> None:
    name = StudyArm('image.preprocessing=[{"kind": "centre_crop"}]' + "x" * 90, {}).folder
    assert len(name) <= 60
    assert all(letter.isalnum() or letter in "-_=" for letter in name)


@pytest.mark.parametrize("question", QUESTIONS)
def test_most_ways_of_every_question_are_recipes(question: str) -> None:
    """With a network that trains; heads are a question of a frozen one."""
    fitting, refused, base = 0, [], compose_recipe("baseline") if question == "head" else finetune()
    for changes in ask(question):
        if any("*" in key for key in changes):
            changes = {f"borders.age.{part}": value for part, value in changes["borders.*"].items()}
        try:
            fitting += compose_recipe(recipe=base, overrides=changes) != base
        except PodiumError as problem:
            refused.append(str(problem))
    assert all("has no effect" in why or "needs" in why for why in refused)
    assert fitting >= len(ask(question)) - 1
