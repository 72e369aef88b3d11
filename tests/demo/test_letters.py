from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from podium.demo import letters
from podium.demo.letters import LETTERS

pytestmark = pytest.mark.long  # what all of them need takes seconds to make

Made = Mapping[str, Mapping[str, bytes]]


@pytest.fixture(scope="session")
def train(made: Made) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(made["letters"]["train.csv"]), dtype={"index": str})


def test_every_train_image_has_a_row(made: Made, train: pd.DataFrame) -> None:
    images = sorted(name for name in made["letters"] if name.startswith("train/"))
    assert [f"train/{index}.png" for index in train["index"]] == images
    assert len(train) == 600


def test_each_letter_is_there_about_half_the_time(train: pd.DataFrame) -> None:
    shares = train[list(LETTERS)].mean()
    assert shares.between(0.4, 0.6).all()
    assert train[list(LETTERS)].sum(axis=1).between(2, 6).all()


def test_labels_are_the_letters_that_were_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    real = letters.draw_letter

    def noting(letter: str, *args: Any, **named: Any) -> np.ndarray:
        drawn.append(letter)
        return real(letter, *args, **named)

    monkeypatch.setattr(letters, "draw_letter", noting)
    monkeypatch.setattr(letters, "_N_TRAIN_DRAWERS", 3)
    monkeypatch.setattr(letters, "_N_TEST_DRAWERS", 0)
    table = pd.read_csv(io.BytesIO(letters.make_letters(5)["train.csv"]), dtype={"index": str})
    for shown in table[list(LETTERS)].to_numpy():
        expected = {letter.upper() for letter, is_there in zip(LETTERS, shown, strict=True) if is_there}
        assert {drawn.pop(0) for _ in expected} == expected
    assert not drawn


def test_every_letter_leaves_a_mark(made: Made, train: pd.DataFrame) -> None:
    """More letters, more contrast: the spread of the grey values grows with the number of letters."""
    from PIL import Image

    spread = [
        np.std(Image.open(io.BytesIO(made["letters"][f"train/{index}.png"])).resize((64, 64)))
        for index in train["index"]
    ]
    assert pd.Series(spread).corr(train[list(LETTERS)].sum(axis=1), method="spearman") > 0.4
