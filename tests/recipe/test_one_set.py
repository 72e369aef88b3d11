"""Members of the unions, arms of the builders, rows of docs/recipes.md and cases of the key test are one set."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, Union, get_args, get_origin

import pytest

from podium.data import Augmentation, CutMix, Mixing, mixer
from podium.recipe import Recipe, build_losses, build_schedules
from podium.recipe.head_spec import HeadSpec
from podium.recipe.loss_spec import HeadLoss, LossSpec
from podium.recipe.schedule_spec import Constant, ScheduleSpec
from workflows.test_recipe_keys import CASES

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")


def members(union: Any) -> tuple[type, ...]:
    """The classes of a union, however it is wrapped."""
    if get_origin(union) in (Union, UnionType):
        return tuple(member for part in get_args(union) for member in members(part))
    return members(get_args(union)[0]) if get_args(union) else (union,)


def kind_of(member: Any) -> str:
    fields = getattr(member, "model_fields", None)
    return str(fields["kind"].default if fields else member.kind)


def arms(module: ModuleType) -> set[str]:
    """Names of the classes that a module matches or tests for."""
    tree = ast.parse(inspect.getsource(module))
    found = {
        node.cls.id for node in ast.walk(tree) if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name)
    }
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance")
    return found | {name.id for call in calls for name in ast.walk(call.args[1]) if isinstance(name, ast.Name)}


KEYS = {
    "loss.single": members(LossSpec.model_fields["single"].annotation),
    "loss.multi": members(LossSpec.model_fields["multi"].annotation),
    "schedule": members(ScheduleSpec),
    "head": members(HeadSpec),
    "augmentations": members(Augmentation),
    "mixing": members(Mixing),
}
SHOWN_ELSEWHERE = {"auto"}
"""A head that chooses among the others, in tests/workflows/test_solved_heads.py."""
DEFAULTS = {Recipe().head.kind, Recipe().schedule.kind, LossSpec().single.kind, LossSpec().multi.kind}


@pytest.mark.parametrize("key", KEYS)
def test_every_kind_has_its_row_in_the_docs_and_no_row_is_left_over(key: str) -> None:
    start = f"### `{key}` of kind `"
    rows = {line.removeprefix(start).rstrip("`") for line in DOCS.splitlines() if line.startswith(start)}
    assert rows == {kind_of(member) for member in KEYS[key]}


@pytest.mark.parametrize("key", KEYS)
def test_every_kind_is_named_by_a_case(key: str) -> None:
    """Each kind with keys of its own has a case per key; all others are somebody's value, or the default."""
    text = " ".join([*CASES, *(" ".join((case.line, *case.besides, *case.base[1])) for case in CASES.values())])
    kinds = {kind_of(member) for member in KEYS[key]} - DEFAULTS - SHOWN_ELSEWHERE
    missing = [kind for kind in kinds if not re.search(rf"\b{kind}\b", text)]
    assert not missing, f"tests/workflows/test_recipe_keys.py has no Case with {key} of kind {missing}"


def test_every_loss_has_its_arm() -> None:
    assert {member.__name__ for member in members(HeadLoss)} - arms(build_losses) == {"MixtureSpec"}
    assert {"ForSingle", "ForMulti"}.isdisjoint(arms(build_losses))


def test_every_schedule_has_its_arm() -> None:
    assert {member.__name__ for member in members(ScheduleSpec)} - arms(build_schedules) == {Constant.__name__}


def test_mixtures_are_taken_apart_before_the_arms() -> None:
    assert "parts_of(" in inspect.getsource(build_losses.build_objective)


def test_every_way_of_mixing_has_its_arm() -> None:
    assert {member.__name__ for member in members(Mixing)} - arms(mixer) == {CutMix.__name__}
