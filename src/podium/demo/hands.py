"""The single-label contest: photographs of hands that sign digits, shipped with the package."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import PurePosixPath

from podium.demo.contest import (
    SAMPLE_SUBMISSION,
    TEST_ANSWERS,
    TRAIN_TABLE,
    Contest,
    encode_table,
    make_test_name,
)

__all__ = ["SIGN_DIGITS", "make_sign_digits"]


def make_sign_digits(seed: int) -> dict[str, bytes]:
    """45 students to learn from and 12 others to predict, ten photographs each.

    Args:
        seed: Decides the names of the test images, and so their order. Which students are test is fixed.
    """
    shipped = files("podium.demo") / "sign_digits"
    rows = list(csv.DictReader((shipped / "labels.csv").read_text(encoding="utf-8").splitlines()))
    content: dict[str, bytes] = {}
    train, test = [], []
    for row in rows:
        path = PurePosixPath(row["path"])
        if row["split"] == "train":
            name, folder = path.name, "train"
            train.append((name, row["label"], row["group"]))
        else:
            name, folder = make_test_name("sign_digits", seed, path.name) + path.suffix, "test"
            test.append((name, row["label"]))
        content[f"{folder}/{name}"] = shipped.joinpath(row["path"]).read_bytes()
    test.sort()
    content["LICENSE"] = (shipped / "LICENSE").read_bytes()
    content["NOTICE.md"] = (shipped / "NOTICE.md").read_bytes()
    content[TRAIN_TABLE] = encode_table(["path", "label", "group"], sorted(train))
    content[SAMPLE_SUBMISSION] = encode_table(["ImageID", "label"], [(name, 0) for name, _ in test])
    content[TEST_ANSWERS] = encode_table(["ImageID", "label"], test)
    return content


SIGN_DIGITS = Contest(
    title="Hands that sign the digits 0 to 9",
    about=(
        "Photographs of 57 students who each sign the ten digits once, a part of the Sign Language Digits Dataset by"
        " Arda Mavi and fellow students (arXiv:2011.08927). Licence: Apache 2.0, see LICENSE and NOTICE.md."
    ),
    scan_options={
        "labels": TRAIN_TABLE,
        "image_column": "path",
        "label_columns": ("label",),
        "group": "group",
        "classes": {"label": tuple("0123456789")},
    },
    make_files=make_sign_digits,
)
"""The contest as it is shown and scanned."""
