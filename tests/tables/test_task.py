"""Heads and tasks: what is refused, and the record that travels with every file."""

from __future__ import annotations

import json

import pytest

from podium.errors import LabelError, UnknownNameError
from podium.tables import Composite, Head, Task

GENDER, AGE = Head("gender", "single", ("male", "female")), Head("age", "ordinal", ("<30", ">=30"))
TAGS = Head("tags", "multi", ("a", "b"))


@pytest.mark.parametrize(
    ("name", "kind", "classes", "message"),
    [
        ("", "single", ("a", "b"), "needs a name"),
        ("x", "single", ("a",), "needs at least 2"),
        ("x", "multi", (), "needs at least 1"),
        ("x", "single", ("a", "b", "a"), "a class twice"),
        ("x", "single", ("a", ""), "class without a name"),
        ("x", "singel", ("a", "b"), "Did you mean 'single'"),
    ],
)
def test_a_head_that_makes_no_sense_is_refused(name: str, kind: str, classes: tuple[str, ...], message: str) -> None:
    with pytest.raises((LabelError, UnknownNameError), match=message):
        Head(name, kind, classes)  # type: ignore[arg-type]


def test_the_composite_stands_first_among_the_targets() -> None:
    task = Task((TAGS, GENDER, AGE), Composite.from_heads({"gender": GENDER.classes, "age": AGE.classes}))
    assert [head.name for head in task.targets] == ["class", "tags", "gender", "age"]
    assert (task.main_target.kind, task.main_target.n_classes) == ("single", 4)
    assert Task((GENDER, AGE)).main_target == GENDER


def test_a_task_whose_parts_do_not_fit_is_refused() -> None:
    pair = {"gender": GENDER.classes, "age": AGE.classes}
    with pytest.raises(LabelError, match="at least one head"):
        Task(())
    with pytest.raises(LabelError, match="share a name"):
        Task((GENDER, GENDER))
    with pytest.raises(LabelError, match="share a name"):
        Task((GENDER, AGE), Composite.from_heads(pair, name="age"))
    with pytest.raises(UnknownNameError, match="unknown head 'age'"):
        Task((GENDER,), Composite.from_heads(pair))
    with pytest.raises(LabelError, match="other classes"):
        Task((GENDER, AGE), Composite.from_heads(pair | {"age": ("young", "old")}))
    with pytest.raises(LabelError, match="would get the same column names"):
        Task((Head("a", "multi", ("b=c", "d")), Head("a=b", "multi", ("c", "e"))))
    with pytest.raises(LabelError, match="cannot hold the multi-label head"):
        Task((GENDER, TAGS), Composite.from_heads({"gender": GENDER.classes, "tags": TAGS.classes}))


def test_the_record_survives_json() -> None:
    for task in (
        Task((TAGS,)),
        Task((GENDER, AGE), Composite.from_heads({"age": AGE.classes, "gender": GENDER.classes})),
    ):
        assert Task.from_dict(json.loads(json.dumps(task.to_dict()))) == task
