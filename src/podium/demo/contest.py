"""What the three contests have in common: every file is made as bytes, before any of them is written."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["SAMPLE_SUBMISSION", "TEST_ANSWERS", "TRAIN_TABLE", "Contest", "encode_table", "make_test_name"]

TRAIN_TABLE = "train.csv"
SAMPLE_SUBMISSION = "sample_submission.csv"
TEST_ANSWERS = "answers.csv"


@dataclass(frozen=True)
class Contest:
    """A data set: what is to be said about it, and how its files are made.

    Args:
        title: What it is, in a few words.
        about: Two sentences on origin and licence.
        scan_options: Options for the scan of the folder `train`; `labels` names one of the files.
        make_files: From a seed to the content of every file, by its path relative to the data set's folder.
    """

    title: str
    about: str
    scan_options: Mapping[str, Any]
    make_files: Callable[[int], Mapping[str, bytes]]


def encode_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    r"""A table as CSV in UTF-8.

    Example:
        >>> encode_table(["ImageID", "ans"], [["a.png", 0]])
        b'ImageID,ans\na.png,0\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def make_test_name(task: str, seed: int, key: str) -> str:
    """A name of 16 hexadecimal digits that tells nothing; sorted by it, images lie in no order."""
    return hashlib.sha256(f"{task}/{seed}/{key}".encode()).hexdigest()[:16]
