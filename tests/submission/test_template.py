from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from podium.errors import SubmissionError
from podium.submission import read_template


def test_a_sample_is_a_table_of_two_or_more_columns(sample: Callable[..., Path]) -> None:
    assert read_template(sample("id,ans\nx,0\n")).columns == ("id", "ans")
    with pytest.raises(SubmissionError, match="one column"):
        read_template(sample("id\nx\n"))


def test_a_sample_without_header_is_refused_or_read_as_asked(sample: Callable[..., Path]) -> None:
    path = sample("x.jpg,0\ny.jpg,0\n")
    with pytest.raises(SubmissionError, match="no header") as caught:
        read_template(path)
    assert "header=False" in str(caught.value)
    assert read_template(path, header=False).columns == ("column_1", "column_2")


def test_a_sample_that_is_not_there_names_the_nearest(sample: Callable[..., Path]) -> None:
    path = sample("id,ans\nx,0\n")
    with pytest.raises(SubmissionError, match=r"Did you mean 'sample\.csv'"):
        read_template(path.with_name("smaple.csv"))
    with pytest.raises(SubmissionError, match="folder"):
        read_template(path.parent)
