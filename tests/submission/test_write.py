"""A submission is on disk whole, with its digest in the record, or what was there stays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from podium.errors import SubmissionError, UsageError
from podium.submission.write import write_submission
from podium.tables import Predictions, Task

Sample = Callable[..., Path]
Predict = Callable[..., Predictions]


def test_the_record_is_of_the_bytes_on_disk(
    tasks: dict[str, Task], predict: Predict, sample: Sample, tmp_path: Path
) -> None:
    predictions = predict(tasks["pets"], ["a.jpg", "b.jpg"], pet=[2, 0])
    out = tmp_path / "out.csv"
    record = write_submission(predictions, sample("id,pet\nb.jpg,cat\na.jpg,dog\n"), out)
    assert out.read_text() == "id,pet\nb.jpg,cat\na.jpg,owl\n"
    assert record.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
    assert record.n_rows == 2
    assert record.histogram == {"pet": {"cat": 1, "dog": 0, "owl": 1}}
    assert json.loads(json.dumps(record.to_dict()))["path"] == str(out)


def test_what_was_there_stays_where_images_have_no_prediction(
    tasks: dict[str, Task], predict: Predict, sample: Sample, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("before")
    with pytest.raises(SubmissionError):
        write_submission(predict(tasks["pets"], ["a.jpg"]), sample("id,pet\na.jpg,cat\nb.jpg,dog\n"), out)
    assert out.read_text() == "before"


def test_the_sample_is_not_overwritten_under_another_spelling(
    tasks: dict[str, Task], predict: Predict, sample: Sample
) -> None:
    path = sample("id,pet\na.jpg,cat\n")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="sample submission"):
        write_submission(
            predict(tasks["pets"], ["a.jpg"]), path, path.parent / "." / ".." / path.parent.name / path.name
        )
    assert path.read_bytes() == before
