"""Samples with a row for every image and class: each row gets the answer of its image and class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from podium.errors import SubmissionError
from podium.submission import SubmissionOptions, match_columns, read_template, write_submission
from podium.submission.pairs import find_pairs
from podium.tables import Head, Predictions, Task, as_text_array

LABELS = ("any", "epidural", "sub_dural")
TASK = Task((Head("labels", "multi", LABELS),))
PETS = Task((Head("pet", "single", ("cat", "dog", "owl")),))
IDS = tuple(f"ID_{row:02x}" for row in range(4))


def make_sample(
    ids: Sequence[str] = IDS, labels: Sequence[str] = LABELS, *, separator: str = "_", value: str = "0.5"
) -> str:
    return "ID,Label\n" + "".join(f"{name}{separator}{label},{value}\n" for name in ids for label in labels)


def predict(task: Task, ids: Sequence[str], seed: int = 0) -> Predictions:
    rng = np.random.default_rng(seed)
    (head,) = task.heads
    probs = rng.random((len(ids), head.n_classes)) if head.is_multi else rng.dirichlet([1.0] * head.n_classes, len(ids))
    return Predictions(task, as_text_array(list(ids)), np.zeros(len(ids), dtype=np.int64), {head.name: probs})


def fill(predictions: Predictions, path: Path, **options: object) -> dict[str, str]:
    out = path.with_name("out.csv")
    write_submission(predictions, path, out, SubmissionOptions(**options))  # type: ignore[arg-type]
    header, *rows = out.read_text().splitlines()
    assert header == "ID,Label"
    return dict(row.split(",") for row in rows)


@pytest.mark.parametrize("separator", ["_", "-", ":", "/", "|", " "])
@pytest.mark.parametrize("ending", [".png", ".dcm", ""])
def test_every_row_gets_the_probability_of_its_image_and_class(
    sample: Callable[..., Path], separator: str, ending: str
) -> None:
    predictions = predict(TASK, [f"test/{name}{ending}" for name in IDS[::-1]])
    filled = fill(predictions, sample(make_sample(separator=separator)))
    expected = {
        f"{name}{separator}{label}": repr(float(predictions.probs["labels"][3 - row, place]))
        for row, name in enumerate(IDS)
        for place, label in enumerate(LABELS)
    }
    assert filled == expected


def test_rows_in_any_order_and_a_part_of_the_classes(sample: Callable[..., Path]) -> None:
    header, *rows = make_sample(labels=LABELS[1:]).splitlines()
    path = sample("\n".join([header, *rows[::-1], ""]))
    predictions = predict(TASK, IDS)
    filled = fill(predictions, path)
    assert list(filled) == [row.split(",")[0] for row in rows[::-1]]
    assert filled["ID_02_sub_dural"] == repr(float(predictions.probs["labels"][2, 2]))


def test_decisions_follow_the_thresholds(sample: Callable[..., Path]) -> None:
    text = make_sample(value="0").replace("ID_00_any,0", "ID_00_any,1")
    predictions = predict(TASK, IDS)
    filled = fill(predictions, sample(text), thresholds={"any": 0.9})
    limits = np.array([0.9, 0.5, 0.5])
    assert list(filled.values()) == [str(int(yes)) for row in predictions.probs["labels"] for yes in row >= limits]


def test_classes_of_a_single_label_are_answered_and_checked(sample: Callable[..., Path]) -> None:
    predictions = predict(PETS, IDS)
    path = sample(make_sample(labels=("cat", "dog", "owl"), value="0.3"))
    filled = fill(predictions, path)
    assert [float(value) for value in filled.values()] == predictions.probs["pet"].ravel().tolist()
    plan = match_columns(read_template(path), PETS, ids=IDS)
    assert plan.notes[0] == "'ID' names an image and a class: 4 images, 3 classes of pet."
    assert plan.to_dict()["answers"][0]["target"] == "pet=cat"


def test_cells_that_name_images_are_no_pairs(sample: Callable[..., Path]) -> None:
    """The ids end like classes, but they are the images."""
    ids = [f"{row}_{kind}" for row in range(2) for kind in ("cat", "dog")]
    path = sample("ID,Label\n" + "".join(f"{name},cat\n" for name in ids))
    predictions = predict(PETS, [f"{name}.png" for name in ids])
    best = predictions.probs["pet"].argmax(axis=1)
    assert list(fill(predictions, path, answer_columns={"Label": "pet"}).values()) == [
        ("cat", "dog", "owl")[k] for k in best
    ]


@pytest.mark.parametrize(
    "text",
    [
        make_sample().replace("ID_02_any,0.5\n", ""),  # a class is missing for one image
        make_sample().replace("ID_02_any", "ID_02_other"),
        make_sample().replace("ID,Label", "ID,Label,x").replace(",0.5", ",0.5,0"),
        "ID,Label\nID_00,0.5\nID_01,0.5\n",
    ],
)
def test_other_samples_are_no_pairs(sample: Callable[..., Path], text: str) -> None:
    assert find_pairs(read_template(sample(text)), TASK, SubmissionOptions(), IDS) is None


def test_missing_images_are_named(sample: Callable[..., Path]) -> None:
    with pytest.raises(SubmissionError, match="1 of 4 ids of column 'ID' has no prediction") as caught:
        fill(predict(TASK, IDS[:3]), sample(make_sample()))
    assert "row 11: 'ID_03' has no prediction" in caught.value.details
    with pytest.raises(SubmissionError, match="1 prediction has no row"):
        fill(predict(TASK, [*IDS, "other"]), sample(make_sample()))


def test_a_wrong_sum_of_an_image_is_found(sample: Callable[..., Path]) -> None:
    from podium.submission import check_submission

    path = sample(make_sample(labels=("cat", "dog", "owl"), value="0.3"))
    right = make_sample(labels=("cat", "dog", "owl")).replace("cat,0.5", "cat,1").replace(",0.5", ",0")
    (path.parent / "right.csv").write_text(right)
    (path.parent / "wrong.csv").write_text(right.replace("ID_01_dog,0", "ID_01_dog,0.5"))
    assert check_submission(path.parent / "right.csv", read_template(path), PETS) == []
    (finding,) = check_submission(path.parent / "wrong.csv", read_template(path), PETS)
    assert finding.details == ("row 5: 1.5",)
