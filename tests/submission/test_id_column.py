"""Which column names the images, why, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from podium.errors import SubmissionError, UnknownNameError
from podium.submission.id_column import find_id_column
from podium.submission.template import read_template
from podium.tables import Task

Sample = Callable[..., Path]


@pytest.mark.parametrize(
    ("text", "ids", "found"),
    [
        ("pet,n\ncat,7\ncat,8\n", ["7.jpg", "8.jpg"], ("n", "predictions")),
        ("pet,n\ncat,7.jpg\ncat,8.jpg\n", None, ("n", "image names")),
        ("pet,Image_ID\ncat,7\ncat,8\n", None, ("Image_ID", "name")),
        ("pet,idx\ncat,7\ncat,8\n", None, ("idx", "name")),
        ("idx,id,pet\n0,7,cat\n1,8,cat\n", None, ("id", "name")),
        ("what,pet\n7,cat\n8,cat\n", None, ("what", "first column")),
    ],
)
def test_the_first_reason_that_settles_it(
    sample: Sample, tasks: dict[str, Task], text: str, ids: list[str] | None, found: tuple[str, str]
) -> None:
    column, why = find_id_column(read_template(sample(text)), tasks["pets"], ids=ids)
    assert column == found[0]
    assert found[1] in why


def test_the_option_wins_and_must_name_a_column(sample: Sample, tasks: dict[str, Task]) -> None:
    template = read_template(sample("id,other,pet\n1,a,cat\n2,b,cat\n"))
    assert find_id_column(template, tasks["pets"], id_column="other") == ("other", "set by id_column")
    with pytest.raises(UnknownNameError, match="othr"):
        find_id_column(template, tasks["pets"], id_column="othr")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,image,pet\n1,2,cat\n2,1,cat\n", ["'id'", "'image'", "id_column="]),
        ("what,pet\n7,cat\n7,cat\n", ["'what', 'pet'", "id_column"]),
    ],
)
def test_what_is_unclear_names_the_columns_and_the_option(
    sample: Sample, tasks: dict[str, Task], text: str, words: list[str]
) -> None:
    with pytest.raises(SubmissionError) as caught:
        find_id_column(read_template(sample(text)), tasks["pets"])
    assert [word for word in words if word not in str(caught.value)] == []
