from __future__ import annotations

import pytest

from podium.data import CutMix
from podium.errors import UnknownNameError
from podium.recipe import Recipe, apply_overrides, arrange
from podium.recipe.check_mixing import check_mixing, partner_target
from podium.tables import Task
from tiny.contest import AGE, COMPOSITE, MASK, TAGS

WHOLE = Task((MASK, AGE, TAGS), COMPOSITE)


def check(entry: str) -> None:
    check_mixing(apply_overrides(Recipe(), [f"mixing=[{{kind: cutmix, partner: rare, {entry}}}]"]), WHOLE)


def test_known_names_pass() -> None:
    check(f"partner_head: age, partner_classes: ['{AGE.classes[-1]}']")
    check(f"partner_head: tags, partner_classes: [{TAGS.classes[0]}]")
    check(f"partner_classes: ['{COMPOSITE.classes[0]}']")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("partner_head: agee", r"mixing\.0\.partner_head: unknown head 'agee'\. Did you mean 'age'\?"),
        ("partner_head: mask, partner_classes: [nothing]", r"mixing\.0\.partner_classes: unknown class 'nothing'"),
    ],
)
def test_names_that_do_not_exist_are_told(entry: str, words: str) -> None:
    with pytest.raises(UnknownNameError, match=words):
        check(entry)


@pytest.mark.parametrize(
    ("arrangement", "wanted"),
    [("shared", [COMPOSITE.name]), ("joint", [COMPOSITE.name]), ("separate", ["mask", "age", "tags"])],
)
def test_partners_go_by_the_class_that_the_model_learns(arrangement: str, wanted: list[str]) -> None:
    parts = arrange(WHOLE, arrangement).values()
    assert [partner_target(CutMix(partner="rare"), WHOLE, part).name for part in parts] == wanted
    named = CutMix(partner="rare", partner_head="age")
    assert {partner_target(named, WHOLE, part).name for part in parts} == {"age"}
