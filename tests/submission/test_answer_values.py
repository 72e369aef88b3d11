"""What the sample's own cells say about the answers, and the errors where they leave two readings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podium.errors import SubmissionError, UsageError
from podium.submission.answer import Answer
from podium.submission.answer_values import settle_class_columns, settle_target_column
from podium.submission.options import SubmissionOptions
from podium.submission.template import read_template
from podium.tables import Head
from podium.texttable import RawTable

Sample = Callable[..., Path]
PET = Head("pet", "single", ("cat", "dog", "owl"))
TWO = Head("pet", "single", ("cat", "dog"))
TAGS = Head("tags", "multi", ("a", "b", "c"))
LEVEL = Head("level", "single", ("1", "2", "3"))


def table(sample: Sample, *cells: str, columns: str = "y") -> RawTable:
    lines = [f"{i}.jpg\t{cell}" for i, cell in enumerate(cells)]
    return read_template(sample("\n".join(["id\t" + columns, *lines]) + "\n", "sample.tsv"))


def target(head: Head, **changes: Any) -> Answer:
    numbers = tuple(range(head.n_classes))
    values = {"numbers": numbers, "class_index": None, "thresholds": (0.5,) * head.n_classes}
    return Answer("y", head, "class_name", **values | changes)


def settle(sample: Sample, head: Head, *cells: str, numbers: Any = None, **options: Any) -> Answer:
    answer = target(head) if numbers is None else target(head, numbers=numbers)
    return settle_target_column(answer, table(sample, *cells), SubmissionOptions(**options))


@pytest.mark.parametrize(
    ("head", "cells", "kind"),
    [
        (PET, ("0", "2"), "class_number"),
        (PET, ("0", "0"), "class_number"),
        (PET, ("cat", "owl"), "class_name"),
        (TWO, ("0.5", "0.5"), "probability"),
        (TWO, ("0", "1"), "class_number"),
        (LEVEL, ("1.0", "1"), None),
        (Head("digit", "single", ("0", "1", "2")), ("0", "1"), "class_number"),
    ],
)
def test_cells_say_what_a_target_s_column_holds(
    sample: Sample, head: Head, cells: tuple[str, ...], kind: str | None
) -> None:
    if kind is None:
        with pytest.raises(SubmissionError, match="decimal numbers, not classes"):
            settle(sample, head, *cells)
    else:
        assert settle(sample, head, *cells).kind == kind


def test_the_probability_of_two_classes_is_that_of_the_contest_s_1(sample: Sample) -> None:
    assert settle(sample, TWO, "0.5", "0.1").class_index == 1
    assert settle(sample, TWO, "0.5", "0.1", numbers=(1, 0)).class_index == 0


@pytest.mark.parametrize(
    ("head", "cells", "words"),
    [
        (LEVEL, ("1", "2"), ("numbers, but not by position", "class_number", "class_name")),
        (PET, ("0", ""), ("row 3 is empty", "class_number", "class_name")),
        (PET, ("1", "3"), ("row 3, column 'y'", "'3'", "counts from 1")),
        (PET, ("0", "7"), ("row 3, column 'y'", "class_numbers")),
        (PET, ("cat", "cow"), ("row 3, column 'y'", "'cow'", "cat, dog, owl")),
        (PET, ("cat dog", "owl cat"), ("row 2", "top_k=2")),
        (TAGS, ("a", "b"), ("do not show what joins two labels of 'tags'", "label_delim")),
        (TAGS, ("a b", "a x"), ("not a list of classes", "Classes: a, b, c")),
    ],
)
def test_what_cannot_be_settled_names_place_and_option(
    sample: Sample, head: Head, cells: tuple[str, ...], words: tuple[str, ...]
) -> None:
    with pytest.raises(SubmissionError) as caught:
        settle(sample, head, *cells)
    said = f"{caught.value} {caught.value.fix}"
    assert "sample.tsv" in said
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize(
    ("head", "options", "words"),
    [
        (TAGS, {"top_k": 2}, "may have several"),
        (TAGS, {"values": "probability"}, "lists the labels of 'tags'"),
        (PET, {"label_delim": " "}, "answered by one class per row"),
        (PET, {"values": "probability"}, "3 classes"),
        (PET, {"top_k": 4}, "top_k is 4, but 'pet' has 3 classes"),
        (PET, {"top_k": 2, "values": "decision"}, "which lists 2 classes"),
    ],
)
def test_options_that_do_not_fit_are_refused(sample: Sample, head: Head, options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        settle(sample, head, "0", "1", **options)


@pytest.mark.parametrize("delim", [", ", ",", "|", "; ", ";", " ", "/", "+"])
def test_the_delimiter_is_read_from_the_cells(sample: Sample, delim: str) -> None:
    answer = settle(sample, TAGS, delim.join("ab"), "c", "")
    assert (answer.kind, answer.delim) == ("name_list", delim)
    answer = settle(sample, TAGS, delim.join("02"), "1")
    assert (answer.kind, answer.delim) == ("number_list", delim)


def test_lists_of_numbered_classes_have_two_readings(sample: Sample) -> None:
    with pytest.raises(SubmissionError, match="class_name or class_number"):
        settle(sample, Head("tags", "multi", ("1", "2", "3")), "1 2")


def test_a_ranking_is_set_by_the_option(sample: Sample) -> None:
    answer = settle(sample, PET, "cat dog", "owl cat", top_k=2)
    assert (answer.kind, answer.delim, answer.top_k) == ("name_list", " ", 2)
    assert settle(sample, PET, "0 1", top_k=2, values="class_number").kind == "number_list"


def test_a_name_that_holds_the_delimiter_cannot_be_listed(sample: Sample) -> None:
    with pytest.raises(SubmissionError, match="class 'big cat' holds the list delimiter ' '"):
        settle(sample, Head("pet", "single", ("big cat", "dog")), "dog", top_k=1)


def of_classes(sample: Sample, *rows: str, **options: Any) -> list[str]:
    answers = [Answer(name, TAGS, "decision", i, (0, 1, 2), (0.5,) * 3) for i, name in enumerate("ab")]
    template = table(sample, *rows, columns="a\tb")
    return [answer.kind for answer in settle_class_columns(answers, template, SubmissionOptions(**options))]


@pytest.mark.parametrize(
    ("rows", "options", "kind"),
    [
        (("0\t1", "1\t0"), {}, "decision"),
        (("0.5\t1", "1\t0"), {}, "probability"),
        (("0\t1", "1\t0.0"), {}, "probability"),
        (("0\t0.5", "1\t1"), {}, "probability"),
        (("0\t0", "0\t0"), {}, "decision"),  # does not say: what `unclear` says
        (("0\t0", "0\t0"), {"unclear": "probability"}, "probability"),
        (("0\t1", "1\t0"), {"unclear": "probability"}, "decision"),
        (("0\t1", "1\t0"), {"values": "probability"}, "probability"),
    ],
)
def test_columns_of_classes_are_all_of_one_kind(
    sample: Sample, rows: tuple[str, ...], options: dict[str, Any], kind: str
) -> None:
    assert of_classes(sample, *rows, **options) == [kind, kind]


@pytest.mark.parametrize(
    ("rows", "words"),
    [(("0\t1", "1\t"), "row 3 is empty"), (("0\t1", "1\t1.5"), "row 3, column 'b': '1.5' is neither 0 or 1")],
)
def test_a_bad_cell_of_a_class_s_column_is_named(sample: Sample, rows: tuple[str, ...], words: str) -> None:
    with pytest.raises(SubmissionError, match=words):
        of_classes(sample, *rows)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"a": "decision", "b": "probability"}, "one kind of values"),
        ("class_name", "does not fit column .a.*one class"),
    ],
)
def test_kinds_that_a_class_s_column_cannot_hold(sample: Sample, values: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        of_classes(sample, "0\t1", values=values)
