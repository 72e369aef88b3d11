"""Losses that name what the task does not have are refused, with the name that was meant."""

from __future__ import annotations

import re

import pytest

from podium.errors import PodiumError, UnknownNameError
from podium.recipe import Recipe, apply_overrides
from podium.recipe.check_losses import check_losses
from podium.tables import Head

HEADS = (
    Head("kind", "single", ("cat", "dog")),
    Head("age", "ordinal", ("<30", ">=30")),
    Head("tags", "multi", ("sunset", "beach")),
)


def check(*lines: str) -> None:
    check_losses(apply_overrides(Recipe(), list(lines)).loss, HEADS)


@pytest.mark.parametrize(
    "line",
    [
        "loss.single.class_weights={cat: 2, <30: 3}",  # of any head that this loss is for
        "loss.multi.positive_weights={sunset: 2}",
        "loss.heads={age: {kind: focal, class_weights: {<30: 2}}}",
        "loss.heads={tags: {kind: soft_macro_f1}, kind: {kind: soft_macro_f1}}",
        "loss.heads={tags: {kind: mixture, parts: [{loss: {kind: asymmetric}}, {loss: {kind: soft_macro_f1}}]}}",
        "loss.heads.kind.kind=focal",
        "loss.head_weights={age: 2}",
    ],
)
def test_what_the_task_has_may_be_named(line: str) -> None:
    check(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("loss.single.class_weights={cats: 2}", "unknown class 'cats'. Did you mean 'cat'?"),
        ("loss.multi.positive_weights={beech: 2}", "Did you mean 'beach'?"),
        ("loss.single.class_weights={sunset: 2}", "loss.single.class_weights"),  # the other kind's class
        ("loss.heads={age: {kind: focal, class_weights: {cat: 2}}}", "loss.heads.age.class_weights"),
        ("loss.heads={ages: {kind: focal}}", "Did you mean 'age'?"),
        ("loss.head_weights={kinds: 2}", "Did you mean 'kind'?"),
        (
            "loss.single={kind: mixture, parts: [{loss: {kind: focal, class_weights: {dogs: 2}}}]}",
            "Did you mean 'dog'?",
        ),
    ],
)
def test_a_name_that_does_not_exist_is_told_with_the_nearest(line: str, words: str) -> None:
    with pytest.raises(UnknownNameError, match=re.escape(words)):
        check(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "loss.heads={tags: {kind: cross_entropy}}",
            "head 'tags' has several labels per image, and cross_entropy needs one",
        ),
        (
            "loss.heads={age: {kind: asymmetric}}",
            "head 'age' has one class per image, and asymmetric needs several labels",
        ),
        ("loss.heads={age: {kind: mixture, parts: [{loss: {kind: binary_focal}}]}}", "Use cross_entropy or focal"),
        ("loss.single={kind: mixture, parts: [{loss: {kind: asymmetric}}]}", "asymmetric is for several labels"),
        ("loss.multi={kind: mixture, parts: [{loss: {kind: focal}}]}", "focal is for one class per image"),
        ("loss.single={kind: mixture, parts: []}", "loss.single.parts"),
        ("loss.multi.kind=focal", "Did you mean 'binary_focal'?"),
        ("loss.single.class_weights={cat: -1}", "loss.single.class_weights.cat: expected"),
        ("loss.single.class_weights=effective", "'effective_number'"),
    ],
)
def test_a_loss_for_another_kind_of_head_is_refused(line: str, words: str) -> None:
    with pytest.raises(PodiumError, match=re.escape(words)):
        check(line)
