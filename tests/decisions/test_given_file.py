"""Predictions from a file: joined by name, complete, probabilities; else refused with what is wrong and where."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from podium.decisions import read_given_file
from podium.errors import DataError, TableError
from podium.tables import Composite, Head, Predictions, Task, as_text_array, save_predictions

PETS = Task((Head("pet", "single", ("cat", "dog")),))
SIZES = {"size": ("small", "big"), "tone": ("light", "dark")}
PARTS = Task(
    tuple(Head(name, "single", classes) for name, classes in SIZES.items()),
    Composite.from_heads(SIZES, name="kind"),
)
TAGS = Task((Head("tags", "multi", ("red", "green")),))
IDS = ["train/a.png", "train/b.png", "train/c.png"]
PROBS = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])


def write(path: Path, columns: dict[str, object]) -> Path:
    frame = pd.DataFrame(columns)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".npz"])
@pytest.mark.parametrize("spelling", ["train/{}.png", "{}.png", "{}"])
def test_every_kind_of_file_is_read_in_any_order(tmp_path: Path, ending: str, spelling: str) -> None:
    order = [2, 0, 1]
    names = [spelling.format("abc"[row]) for row in order]
    path = tmp_path / f"oof{ending}"
    if ending == ".npz":
        np.savez(path, ids=np.array(names), probs=PROBS[order])
    else:
        write(path, {"image": names, "cat": PROBS[order, 0], "dog": PROBS[order, 1]})
    found = read_given_file(path, PETS, IDS)
    assert found.predictions.ids.tolist() == IDS
    assert np.allclose(found.predictions.probs["pet"], PROBS)
    assert (found.missing, found.extra, found.is_hard) == ((), (), False)


def test_what_podium_writes_is_read_too(tmp_path: Path) -> None:
    made = Predictions(TAGS, as_text_array(IDS), np.zeros(3, dtype=np.int64), {"tags": PROBS})
    save_predictions(made, tmp_path / "own.parquet")
    assert np.array_equal(read_given_file(tmp_path / "own.parquet", TAGS, IDS).predictions.probs["tags"], PROBS)


def test_missing_and_extra_images_are_named_and_rounded_rows_scaled(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", {"id": ["a", "b", "z"], "cat": [0.33, 0.2, 0.1], "dog": [0.66, 0.8, 0.9]})
    found = read_given_file(path, PETS, IDS)
    assert (found.missing, found.extra) == (("train/c.png",), ("z",))
    assert found.predictions.probs["pet"][0] == pytest.approx([1 / 3, 2 / 3])


def test_attributes_give_the_composite_class_and_the_other_way_round(tmp_path: Path) -> None:
    size, tone = PROBS, PROBS[::-1]
    columns = {f"size={name}": size[:, c] for c, name in enumerate(SIZES["size"])}
    columns |= {name: tone[:, c] for c, name in enumerate(SIZES["tone"])}
    parts = read_given_file(write(tmp_path / "p.csv", {"id": IDS, **columns}), PARTS, IDS).predictions
    joint = (size[:, :, None] * tone[:, None, :]).reshape(3, 4)
    assert np.allclose(parts.probs["kind"], joint)
    composite = PARTS.composite
    assert composite is not None
    columns = {name: joint[:, c] for c, name in enumerate(composite.classes)}
    back = read_given_file(write(tmp_path / "k.csv", {"id": IDS, **columns}), PARTS, IDS).predictions
    assert np.allclose(back.probs["tone"], tone)


def test_answers_are_certain(tmp_path: Path) -> None:
    found = read_given_file(write(tmp_path / "h.csv", {"id": IDS, "pet": ["cat", "dog", "dog"]}), PETS, IDS)
    assert found.is_hard
    assert found.predictions.probs["pet"].tolist() == [[1, 0], [0, 1], [0, 1]]


GOOD = {"id": IDS, "cat": PROBS[:, 0], "dog": PROBS[:, 1]}


@pytest.mark.parametrize(
    ("columns", "error", "words"),
    [
        (
            GOOD | {"cat": [3.1, -2.0, 0.5]},
            DataError,
            "2 rows of 'pet' are no probabilities; the first is 'train/a.png'",
        ),
        (GOOD | {"cat": [0.9, float("nan"), 0.5]}, DataError, "row 3: '' in column 'cat' is no number"),
        (GOOD | {"cat": [0.9, "x", 0.5]}, DataError, "row 3: 'x' in column 'cat' is no number"),
        (GOOD | {"id": ["a", "a", "b"]}, DataError, "1 image occurs twice: a"),
        (GOOD | {"id": ["x", "y", "z"]}, DataError, "no row names an image of the run"),
        ({"id": IDS, "cat": PROBS[:, 0]}, TableError, "classes of 'pet' have no column: dog"),
        ({"id": IDS, "pet": ["cat", "cow", "dog"]}, DataError, "answers that are no class: cow"),
        ({"id": IDS, "other": [1, 2, 3]}, TableError, "these targets are not predicted here: pet"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, columns: dict[str, object], error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        read_given_file(write(tmp_path / "bad.csv", columns), PETS, IDS)


def test_arrays_of_another_shape_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", ids=np.array(IDS), pet=PROBS[:2])
    with pytest.raises(DataError, match=r"array 'pet' has shape \(2, 2\), not \(3, 2\)"):
        read_given_file(tmp_path / "a.npz", PETS, IDS)
    np.savez(tmp_path / "b.npz", pet=PROBS)
    with pytest.raises(TableError, match="there is no array 'ids'"):
        read_given_file(tmp_path / "b.npz", PETS, IDS)
