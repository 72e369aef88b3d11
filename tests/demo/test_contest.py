from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import PurePosixPath

import pandas as pd
import pytest
from PIL import Image

from podium.demo import TASKS, glyphs, letters
from podium.demo.contest import encode_table, make_test_name

pytestmark = pytest.mark.long  # what all of them need takes seconds to make

Made = Mapping[str, Mapping[str, bytes]]


def read(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)


def test_table_comes_back() -> None:
    rows = [["a,b", 'say "x"'], ["", "0012"]]
    assert read(encode_table(["one", "two"], rows)).to_numpy().tolist() == rows


def test_names_differ_with_task_seed_and_image() -> None:
    names = {make_test_name(task, seed, key) for task in "ab" for seed in range(5) for key in "xyz"}
    assert len(names) == 30


@pytest.mark.parametrize("task", TASKS)
def test_sample_submission_is_the_answers_with_zeros(made: Made, task: str) -> None:
    sample, answers = read(made[task]["sample_submission.csv"]), read(made[task]["answers.csv"])
    assert sample.columns.tolist() == answers.columns.tolist()
    assert sample.iloc[:, 0].tolist() == answers.iloc[:, 0].tolist()
    assert (sample.iloc[:, 1:] == "0").all(axis=None)
    assert not (answers.iloc[:, 1:] == "0").all(axis=None)


@pytest.mark.parametrize("task", TASKS)
def test_submission_names_each_test_image_once(made: Made, task: str) -> None:
    named = read(made[task]["sample_submission.csv"]).iloc[:, 0]
    images = [PurePosixPath(name) for name in made[task] if name.startswith("test/")]
    assert sorted(PurePosixPath(name).stem for name in named) == sorted(path.stem for path in images)
    assert all(len(path.parts) == 2 for path in images)


@pytest.mark.parametrize("task", TASKS)
def test_order_of_test_images_tells_nothing(made: Made, task: str) -> None:
    """Answers in the order of the file names change class about as often as a shuffle of them does."""
    answers = read(made[task]["answers.csv"])
    assert answers.iloc[:, 0].is_monotonic_increasing
    labels = answers.iloc[:, 1]
    changes = (labels != labels.shift()).iloc[1:].mean()
    expected = 1 - (labels.value_counts(normalize=True) ** 2).sum()
    assert abs(changes - expected) < 5 * (expected * (1 - expected) / len(labels)) ** 0.5


@pytest.mark.parametrize("task", TASKS)
def test_no_image_comes_twice(made: Made, task: str) -> None:
    images = [content for name, content in made[task].items() if name.startswith(("train/", "test/"))]
    assert len(set(images)) == len(images)


@pytest.mark.parametrize(
    ("task", "size", "mode", "format"),
    [("letters", (128, 128), "L", "PNG"), ("glyphs", (96, 96), "RGB", "PNG")],
)
def test_images_are_of_one_kind(made: Made, task: str, size: tuple[int, int], mode: str, format: str) -> None:
    for name, content in made[task].items():
        if name.startswith(("train/", "test/")):
            with Image.open(io.BytesIO(content)) as image:
                assert (image.size, image.mode, image.format) == (size, mode, format)


@pytest.mark.parametrize("task", ["letters", "glyphs"])
def test_same_seed_same_bytes_and_other_seed_others(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, n in (("_N_TRAIN_DRAWERS", 2), ("_N_TEST_DRAWERS", 1), ("_N_IMAGES_EACH", 4)):
        monkeypatch.setattr(letters, name, n)
    monkeypatch.setattr(glyphs, "_N_SETS", 1)
    monkeypatch.setattr(glyphs, "_N_TEST_GROUPS", 1)
    first = TASKS[task].make_files(0)
    assert TASKS[task].make_files(0) == first
    other = TASKS[task].make_files(1)
    assert len(other) == len(first)
    assert not {content for name, content in other.items() if name.endswith("png")} & set(first.values())
