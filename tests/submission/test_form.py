"""A sample of three rows gives the form alone: every prediction is written, its ids spelt as the sample's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from podium.errors import SubmissionError, UsageError
from podium.submission import SubmissionOptions, write_submission
from podium.tables import Predictions, Task

Sample = Callable[..., Path]
IDS = [f"test/{n:04}.jpg" for n in range(8)]


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["test/0000.jpg", "test/0001.jpg", "test/0002.jpg"], "test/0000.jpg"),
        (["0000.jpg", "0001.jpg", "0002.jpg"], "0000.jpg"),
        (["0000", "0001", "0002"], "0000"),
        (["abc", "def", "ghi"], "0000"),
        (["x1.png", "x2.png", "x3.png"], "0000.jpg"),
    ],
)
def test_every_prediction_has_a_row(
    tasks: dict[str, Task],
    sample: Sample,
    predict: Callable[..., Predictions],
    tmp_path: Path,
    cells: list[str],
    first: str,
) -> None:
    path = sample("id,pet\r\n" + "".join(f"{cell},cat\r\n" for cell in cells))
    made = predict(tasks["pets"], IDS, pet=[0, 1, 2, 0, 1, 2, 0, 1])
    record = write_submission(made, path, tmp_path / "out.csv", SubmissionOptions(form_only=True))
    lines = (tmp_path / "out.csv").read_bytes().decode().split("\r\n")
    assert record.n_rows == len(IDS)
    assert lines[0] == "id,pet"
    assert lines[1] == f"{first},cat"
    assert [line.split(",")[1] for line in lines[1:-1]] == ["cat", "dog", "owl", "cat", "dog", "owl", "cat", "dog"]
    with pytest.raises(SubmissionError):
        write_submission(made, path, tmp_path / "other.csv")


def test_what_cannot_be_a_form_is_refused(
    tasks: dict[str, Task], sample: Sample, predict: Callable[..., Predictions], tmp_path: Path
) -> None:
    made = predict(tasks["pets"], ["a/1.jpg", "b/1.jpg"])
    with pytest.raises(SubmissionError, match="two images would have the id '1'"):
        write_submission(made, sample("id,pet\n7,cat\n"), tmp_path / "o.csv", SubmissionOptions(form_only=True))
    pairs = sample("id,label\n" + "".join(f"1_{name},0.5\n" for name in ("cat", "dog", "owl")))
    one = predict(tasks["pets"], ["1.jpg", "2.jpg"])
    with pytest.raises(SubmissionError, match="a row for every image and class"):
        write_submission(one, pairs, tmp_path / "o.csv", SubmissionOptions(form_only=True))
    options = SubmissionOptions(form_only=True, id_table="test.csv")
    with pytest.raises(UsageError, match="no ids to look up"):
        write_submission(one, sample("id,pet\n7,cat\n"), tmp_path / "o.csv", options)
