from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

Made = Mapping[str, Mapping[str, bytes]]
SHIPPED = Path(str(files("podium.demo"))) / "sign_digits"
LABELS = pd.read_csv(SHIPPED / "labels.csv", dtype=str)


def test_shipped_part_is_small_and_complete() -> None:
    images = [path.relative_to(SHIPPED).as_posix() for path in SHIPPED.rglob("*.jpg")]
    assert sorted(images) == sorted(LABELS["path"])
    assert sum((SHIPPED / path).stat().st_size for path in images) <= 2_600_000
    assert {"LICENSE", "NOTICE.md"} <= {path.name for path in SHIPPED.iterdir()}


def test_every_student_signs_every_digit_once_on_one_side_of_the_split() -> None:
    for _, student in LABELS.groupby("group"):
        assert sorted(student["label"]) == list("0123456789")
        assert student["split"].nunique() == 1
    assert LABELS.groupby("split")["group"].nunique().to_dict() == {"train": 45, "test": 12}


def test_folder_is_the_label() -> None:
    assert (LABELS["path"].str.split("/").str[1] == LABELS["label"]).all()


def test_two_images_are_turned_by_exif() -> None:
    turned = []
    for path in LABELS["path"]:
        with Image.open(SHIPPED / path) as image:
            if image.getexif().get(0x0112, 1) != 1:
                turned.append(path)
    assert turned == ["images/7/IMG_5874.jpg", "images/7/IMG_5935.jpg"]


@pytest.mark.shared
def test_part_was_chosen_by_the_rule_in_the_notice(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("sign_digits")
    whole = pd.read_csv(folder / "labels.csv", dtype=str)
    full = [name for name, rows in whole.groupby("group") if sorted(rows["label"]) == list("0123456789")]
    assert len(full) == 190
    chosen = [name for count, name in enumerate(sorted(full)) if str(count)[-1] in "259"]
    expected = whole[whole["group"].isin(chosen)]
    assert (
        LABELS[["path", "label", "group"]].to_numpy().tolist()
        == expected[["path", "label", "group"]].to_numpy().tolist()
    )
    assert sorted(LABELS[LABELS["split"] == "test"]["group"].unique()) == chosen[1::5]
    for path in LABELS["path"]:
        assert (SHIPPED / path).read_bytes() == (folder / path).read_bytes()


def test_laid_out_images_are_the_shipped_ones_with_their_labels(made: Made) -> None:
    content = made["sign_digits"]
    by_bytes = {
        (SHIPPED / path).read_bytes(): label for path, label in zip(LABELS["path"], LABELS["label"], strict=True)
    }
    train = pd.read_csv(io.BytesIO(content["train.csv"]), dtype=str)
    answers = pd.read_csv(io.BytesIO(content["answers.csv"]), dtype=str)
    assert [by_bytes[content[f"train/{name}"]] for name in train["path"]] == train["label"].tolist()
    assert [by_bytes[content[f"test/{name}"]] for name in answers["ImageID"]] == answers["label"].tolist()
    assert len(train) + len(answers) == len(by_bytes)
