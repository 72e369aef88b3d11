"""Options of a submission that cannot be meant are refused by name; the rest is plain data."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from podium.errors import PodiumError
from podium.submission.options import SubmissionOptions


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"values": "class_nmae"}, "class_name"),
        ({"values": {"a": "decision", "b": "odds"}}, "'odds'"),
        ({"unclear": "both"}, "'both'"),
        ({"top_k": 0}, "top_k.*0"),
        ({"when_none": "skip"}, "'skip'"),
        ({"thresholds": 1.5}, r"1\.5"),
        ({"thresholds": {"cat": 0.5, "dog": -0.1}}, "'dog'"),
        ({"thresholds": math.nan}, "nan"),
        ({"decoding": "jointly"}, "'jointly'"),
        ({"label_delim": ""}, "label_delim"),
        ({"delimiter": ";;"}, "';;'"),
        ({"delimiter": '"'}, "delimiter"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(PodiumError, match=words):
        SubmissionOptions(**options)


@pytest.mark.parametrize("options", [{"thresholds": 0}, {"thresholds": 1}, {"delimiter": "\\t"}, {"top_k": 1}])
def test_the_ends_of_what_is_allowed(options: dict[str, Any]) -> None:
    SubmissionOptions(**options)


def test_kinds_are_set_for_all_columns_or_for_each() -> None:
    assert SubmissionOptions(values="decision").values_of("any") == "decision"
    each = SubmissionOptions(values={"a": "probability"})
    assert (each.values_of("a"), each.values_of("b")) == ("probability", "auto")


def test_numbers_name_columns_where_there_is_no_header() -> None:
    options = SubmissionOptions(header=False, id_column="1", answer_columns={"2": "pet"}, values={"2": "decision"})
    named = options.with_named_columns()
    assert named.id_column == "column_1"
    assert named.answer_columns == {"column_2": "pet"}
    assert named.values == {"column_2": "decision"}
    assert SubmissionOptions(id_column="1").with_named_columns().id_column == "1"


def test_the_record_is_json_and_makes_the_same_options() -> None:
    options = SubmissionOptions(answer_columns={"y": "pet"}, thresholds={"a": 0.3}, id_table=Path("test.csv"))
    record = json.loads(json.dumps(options.to_dict()))
    assert SubmissionOptions(**record).to_dict() == options.to_dict()
    assert record["id_table"] == "test.csv"
