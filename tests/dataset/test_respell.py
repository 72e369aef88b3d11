"""A labelled test set whose classes are spelt in another way is scored as if they were not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from podium.dataset import read_source
from podium.dataset.respell import respell
from podium.errors import LabelError
from podium.workflows import train
from tiny.contest import Notes, draw_images, make_recipe, make_settings


def lay_out(root: Path, classes: tuple[str, ...], seed: int = 0) -> Path:
    for place, name in enumerate(classes):
        draw_images(root / name, 8, seed=seed + place)
    return root


@pytest.mark.long
def test_folders_and_tables_in_other_spellings_have_the_same_score(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    run = train(lay_out(tmp_path / "train", ("black cat", "dog")), recipe=make_recipe(), folds=2, settings=settings)
    same = lay_out(tmp_path / "same", ("black cat", "dog"), seed=9)
    other = lay_out(tmp_path / "other", ("Black  Cat", "DOG"), seed=9)
    files = sorted((tmp_path / "same").rglob("*.png"))
    rows = [f"{file.relative_to(same)},{file.parent.name.upper()}" for file in files]
    (tmp_path / "test.csv").write_text("image,what\n" + "\n".join(rows) + "\n")
    notes = Notes()
    scores = [
        run.evaluate(same, name="same"),
        run.evaluate(other, name="other", progress=notes),
        run.evaluate(same, labels=tmp_path / "test.csv", name="table"),
    ]
    assert len({score.main.value for score in scores}) == 1
    assert any("'DOG' for 'dog'" in note for note in notes.notes)
    alone = run.evaluate(lay_out(tmp_path / "alone", ("Dog",), seed=30), name="alone")
    assert alone.targets["label"].absent_classes == ("black cat",)
    with pytest.raises(LabelError, match="'bird'"):
        run.evaluate(lay_out(tmp_path / "wild", ("bird", "dog"), seed=50), name="wild")


def test_two_classes_that_would_become_one_stay_two(tmp_path: Path) -> None:
    task = read_source(lay_out(tmp_path / "main", ("cat", "dog"))).samples.task
    assert task is not None
    samples = read_source(lay_out(tmp_path / "more", ("Cat", "CAT "), seed=4)).samples
    kept, notes = respell(samples, task)
    assert not notes
    assert np.array_equal(kept.labels["label"], samples.labels["label"])
