"""What a plan says about each answer column, in words that a user can check against the contest's page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from podium.submission.answer import Answer, CellKind
from podium.submission.plan_notes import describe_answers
from podium.tables import Composite, Head, Task

MASK, PET = Head("mask", "single", ("worn", "none")), Head("pet", "single", ("cat", "dog", "owl"))
TAGS = Head("tags", "multi", ("a", "b", "c"))
BOTH = Task((MASK, PET), Composite.from_formula("mask*3 + pet", {"mask": MASK.classes, "pet": PET.classes}))


def answer(head: Head, kind: CellKind, class_index: int | None = None, **changes: Any) -> Answer:
    values = {
        "numbers": tuple(range(head.n_classes)),
        "thresholds": (0.5,) * head.n_classes,
        "delim": " ",
        "column": "ans",
    }
    return Answer(head=head, kind=kind, class_index=class_index, **values | changes)


def describe(*answers: Answer, task: Task | None = None) -> list[str]:
    return describe_answers(answers, task or Task((answers[0].head,)))


def columns(head: Head, kind: CellKind, names: Sequence[str] | None = None) -> list[Answer]:
    """A column a class."""
    return [answer(head, kind, index, column=name) for index, name in enumerate(names or head.classes)]


@pytest.mark.parametrize(
    ("asked", "note"),
    [
        (answer(PET, "class_number"), "'ans' gets the class number of 'pet': 0 = cat; 1 = dog; 2 = owl."),
        (
            answer(PET, "class_number", numbers=(3, 1, 2)),
            "'ans' gets the class number of 'pet': 3 = cat; 1 = dog; 2 = owl.",
        ),
        (answer(PET, "class_name"), "'ans' gets the class name of 'pet'."),
        (
            answer(TAGS, "name_list", delim=", "),
            "'ans' gets class names joined by ', ' of 'tags'; 1 from probability 0.5.",
        ),
        (
            answer(TAGS, "number_list", delim="|", thresholds=(0.9, 0.25, 0.5)),
            "'ans' gets class numbers joined by '|' of 'tags': 0 = a; 1 = b; 2 = c;"
            " 1 from a threshold of its own (0.25 to 0.9).",
        ),
        (
            answer(PET, "name_list", top_k=2),
            "'ans' gets the 2 most likely class names joined by ' ' of 'pet'.",
        ),
        (answer(PET, "probability", 2), "'ans' gets the probability of 'owl' of 'pet', with all digits."),
        (answer(TAGS, "decision", 1), "'ans' gets 0 or 1 for 'b' of 'tags'; 1 from probability 0.5."),
        (answer(PET, "decision", 0), "'ans' gets 0 or 1 for 'cat' of 'pet': 1 for the most probable class."),
    ],
)
def test_one_column_is_one_sentence(asked: Answer, note: str) -> None:
    assert describe(asked) == [note]


def test_columns_of_one_target_share_a_sentence_and_targets_do_not() -> None:
    notes = describe(*columns(PET, "probability"), *columns(TAGS, "decision"), task=Task((PET, TAGS)))
    assert notes == [
        "'cat' to 'owl' (3 columns) get the probability of each class of 'pet', with all digits.",
        "'a' to 'c' (3 columns) get 0 or 1 for each class of 'tags'; 1 from probability 0.5.",
    ]
    mixed = describe(*columns(PET, "decision"), answer(MASK, "class_name"), task=Task((PET, MASK)))
    assert mixed == [
        "'ans' gets the class name of 'mask'.",
        "'cat' to 'owl' (3 columns) get 0 or 1 for each class of 'pet': 1 for the most probable class.",
    ]


def test_the_formula_stands_with_the_composite_class_alone() -> None:
    composite = BOTH.composite
    assert composite is not None
    whole = next(head for head in BOTH.targets if head.name == composite.name)
    (note,) = describe(answer(whole, "class_number"), task=BOTH)
    assert f"of {composite.name!r} (mask*3 + pet): 0 = " in note
    assert "5 = none, owl." in note  # 1 * 3 + 2
    assert "mask*3" not in describe(answer(MASK, "class_number"), task=BOTH)[0]


@pytest.mark.parametrize(("n_classes", "n_listed"), [(30, 30), (31, 6)])
def test_many_class_numbers_are_shortened_to_the_first_and_the_last(n_classes: int, n_listed: int) -> None:
    head = Head("digit", "single", tuple(f"c{number}" for number in range(n_classes)))
    notes = describe(answer(head, "class_number"))
    assert max(map(len, notes)) < 150
    assert len(notes) == (1 if n_listed < n_classes else 4)
    note = "; ".join(line.removesuffix(".") for line in notes) + "."
    assert note.count(" = ") == n_listed
    assert "0 = c0; 1 = c1; 2 = c2; 3 = c3; 4 = c4; " in note
    assert note.endswith(f"; {n_classes - 1} = c{n_classes - 1}.")
    assert ("; ...; " in note) == (n_listed < n_classes)


@pytest.mark.parametrize("kind", ["probability", "decision"])
def test_one_column_for_two_classes_says_how_to_ask_for_the_other(kind: CellKind) -> None:
    """Nothing in a sample says which of `worn` and `none` a column of zeros asks for."""
    for index, other in ((0, "none"), (1, "worn")):
        (note,) = describe(answer(MASK, kind, index))
        assert note.endswith(f" For {other!r} instead, set `answer_columns={{'ans': 'mask={other}'}}`.")
    assert "instead" not in describe(answer(PET, kind, 0))[0]
    assert "instead" not in describe(*columns(MASK, kind))[0]
    assert "instead" not in describe(answer(Head("tags", "multi", ("a", "b")), kind, 0))[0]


@pytest.mark.parametrize("classes", [("0", "1"), ("No", "Yes"), ("FALSE", "TRUE"), ("negative", "positive")])
def test_yes_needs_no_other_class(classes: tuple[str, str]) -> None:
    assert "instead" not in describe(answer(Head("ill", "single", classes), "probability", 1))[0]
