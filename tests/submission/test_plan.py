from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podium.errors import SubmissionError
from podium.submission import Plan, SubmissionOptions, match_columns, read_template
from podium.tables import Composite, Head, Task


def plan_of(sample: Callable[..., Path], task: Task, content: str, **options: Any) -> Plan:
    return match_columns(read_template(sample(content)), task, SubmissionOptions(**options))


def kinds(plan: Plan) -> dict[str, str]:
    return {answer["column"]: f"{answer['target']}:{answer['values']}" for answer in plan.to_dict()["answers"]}


@pytest.mark.parametrize(
    ("task", "content", "options", "expected"),
    [
        ("faces", "ImageID,ans\nx.jpg,0\ny.jpg,0\n", {}, {"ans": "class:class_number"}),
        ("faces", "ImageID,ans\nx.jpg,male\ny.jpg,male\n", {}, {"ans": "gender:class_name"}),
        ("faces", 'id,ans\nx,"worn, male, <30"\n', {}, {"ans": "class:class_name"}),
        ("faces", "id,gender,age\nx,0,<30\n", {}, {"gender": "gender:class_number", "age": "age:class_name"}),
        (
            "attributes",
            "id,gender_male,gender_female,mask\nx,0.5,0.5,none\n",
            {},
            {
                "gender_male": "gender=male:probability",
                "gender_female": "gender=female:probability",
                "mask": "mask:class_name",
            },
        ),
        ("pets", "id,label\nx,cat\n", {}, {"label": "pet:class_name"}),
        ("pets", "id,label\nx,2\n", {}, {"label": "pet:class_number"}),
        ("digits", "id,label\nx,7\n", {}, {"label": "digit:class_number"}),
        ("grades", "id,label\nx,1\n", {"values": "class_name"}, {"label": "grade:class_name"}),
        ("grades", "id,label\nx,0\n", {"values": "class_number"}, {"label": "grade:class_number"}),
        ("pets", "id,label\nx,\n", {"values": {"label": "class_name"}}, {"label": "pet:class_name"}),
        ("two", "id,label\nx,0.5\n", {}, {"label": "pet=dog:probability"}),
        ("two", "id,dog\nx,0.5\n", {"answer_columns": {"dog": "pet=dog"}}, {"dog": "pet=dog:probability"}),
        (
            "pets",
            "id,owl,cat,dog\nx,0,0,1\n",
            {},
            {"owl": "pet=owl:decision", "cat": "pet=cat:decision", "dog": "pet=dog:decision"},
        ),
        (
            "pets",
            "img,c0,c1,c2\nx,0,0,1.0\n",
            {},
            {"c0": "pet=cat:probability", "c1": "pet=dog:probability", "c2": "pet=owl:probability"},
        ),
        ("abc", "id,labels\nx,a b\ny,c\n", {}, {"labels": "letters:name_list"}),
        ("abc", "id;labels\nx;a,b\ny;c\n", {}, {"labels": "letters:name_list"}),
        ("abc", 'id,labels\nx,"a, b"\ny,c\n', {}, {"labels": "letters:name_list"}),
        ("abc", "id,labels\nx,0|2\ny,\n", {}, {"labels": "letters:number_list"}),
        ("abc", "id,labels\nx,\ny,\n", {"label_delim": " ", "values": "class_name"}, {"labels": "letters:name_list"}),
        (
            "abc",
            "id,q\nx,?\n",
            {"answer_columns": {"q": "letters=b"}, "values": "decision"},
            {"q": "letters=b:decision"},
        ),
    ],
)
def test_columns_are_read(
    sample: Callable[..., Path], tasks: dict[str, Task], task: str, content: str, options: Any, expected: dict[str, str]
) -> None:
    plan = plan_of(sample, tasks[task], content, **options)
    assert kinds(plan) == expected
    for column in (plan.id_column, next(iter(expected))):
        assert any(repr(column) in note for note in plan.notes)


@pytest.mark.parametrize("cell", ["0", "1", " 17"])
def test_whole_numbers_ask_for_the_composite_though_a_target_has_such_classes(
    sample: Callable[..., Path], cell: str
) -> None:
    heads = (
        Head("mask", "single", ("worn", "wrong", "none")),
        Head("gender", "single", ("0", "1")),
        Head("age", "ordinal", ("<30", "30-59", ">=60")),
    )
    sizes = {head.name: head.classes for head in heads}
    task = Task(heads, Composite.from_formula("mask*6 + gender*3 + age", sizes))
    assert kinds(plan_of(sample, task, f"id,ans\nx,{cell}\ny,{cell}\n")) == {"ans": "class:class_number"}
    assert kinds(plan_of(sample, Task(heads), "id,ans\nx,0\ny,1\n")) == {"ans": "gender:class_number"}


def test_whole_numbers_for_classes_that_are_other_numbers_are_refused(sample: Callable[..., Path]) -> None:
    for classes in (("1.0", "2.0", "3.0"), ("1", "2", "3"), ("0", "0.5", "1")):
        task = Task((Head("grade", "single", classes),))
        with pytest.raises(SubmissionError, match="the classes are numbers, but not by position"):
            plan_of(sample, task, "id,grade\nx,0\ny,0\n")
    by_position = Task((Head("grade", "single", ("0.0", "1.0", "2.0")),))
    assert kinds(plan_of(sample, by_position, "id,grade\nx,0\ny,0\n")) == {"grade": "grade:class_number"}


def test_the_mapping_of_class_numbers_is_shown(sample: Callable[..., Path], tasks: dict[str, Task]) -> None:
    notes = " ".join(plan_of(sample, tasks["faces"], "ImageID,ans\nx.jpg,0\n").notes)
    assert "mask*6 + gender*3 + age" in notes
    assert "17 = none, female, >=60" in notes


def test_columns_that_count_rows_or_are_not_asked_for_are_kept(
    sample: Callable[..., Path], tasks: dict[str, Task]
) -> None:
    for first in (0, 1):
        plan = plan_of(sample, tasks["pets"], f",ImageID,ans\n{first},x.jpg,0\n{first + 1},y.jpg,0\n")
        assert (plan.id_column, plan.kept) == ("ImageID", ("column_1",))
    plan = plan_of(sample, tasks["pets"], "id,Usage,ans\nx,Public,0\n", answer_columns={"ans": "pet"})
    assert plan.kept == ("Usage",)


def test_columns_that_name_nothing_are_refused_by_name(sample: Callable[..., Path], tasks: dict[str, Task]) -> None:
    with pytest.raises(SubmissionError, match=r"column 'yak' names no target and no class \(targets: pet\)"):
        plan_of(sample, tasks["pets"], "id,cat,yak\nx,0,0\n")
    with pytest.raises(SubmissionError, match=r"columns 'yak', 'gnu' name no target"):
        plan_of(sample, tasks["pets"], "id,cat,yak,gnu\nx,0,0,0\n")


@pytest.mark.parametrize(
    ("content", "ids", "expected"),
    [
        ("name,id,ans\nx.jpg,7,0\ny.jpg,8,0\n", ["t/x.jpg", "t/y.jpg"], "name"),
        ("name,id,ans\nu,7,0\nv,8,0\n", ["7.jpg", "8.jpg"], "id"),
        ("index,image,ans\n0,x,0\n1,y,0\n", ["x.png", "y.png"], "image"),
        ("u,image,ans\nx.png,5,0\ny.png,6,0\n", ["q.png"], "u"),
        ("u,v\nx,0\ny,0\n", ["q.png"], "u"),
    ],
)
def test_the_id_column_is_found(
    sample: Callable[..., Path], tasks: dict[str, Task], content: str, ids: list[str], expected: str
) -> None:
    options = SubmissionOptions(answer_columns={content.split("\n", 1)[0].split(",")[-1]: "pet"})
    assert match_columns(read_template(sample(content)), tasks["pets"], options, ids=ids).id_column == expected


def test_lists_that_read_as_names_and_as_numbers_are_refused(sample: Callable[..., Path]) -> None:
    task = Task((Head("grades", "multi", ("1", "2", "3")),))
    with pytest.raises(SubmissionError, match="values='class_name'` or `values='class_number'"):
        plan_of(sample, task, "id,labels\nx,1 2\n")
    assert kinds(plan_of(sample, task, "id,labels\nx,1 3\n")) == {"labels": "grades:name_list"}


def test_a_class_that_holds_the_delimiter_is_refused(sample: Callable[..., Path]) -> None:
    task = Task((Head("tags", "multi", ("blue sky", "sea")),))
    with pytest.raises(SubmissionError, match="'blue sky' holds the list delimiter"):
        plan_of(sample, task, "id,labels\nx,sea\n", label_delim=" ")


def test_thresholds_go_to_their_classes(sample: Callable[..., Path], tasks: dict[str, Task]) -> None:
    content = "id,a,b,c\nx,0,0,0\n"
    plan = plan_of(sample, tasks["abc"], content, thresholds={"b": 0.2, "letters=c": 0.9})
    assert plan.answers[0].thresholds == (0.5, 0.2, 0.9)
    assert plan_of(sample, tasks["abc"], content, thresholds=0.3).answers[0].thresholds == (0.3, 0.3, 0.3)
