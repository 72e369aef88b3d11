"""Images that a user holds: paths, arrays, images of Pillow, one or a list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from podium.errors import ImageError, UnknownNameError, UsageError
from podium.predicting.predict_images import as_images, name_images
from podium.tables import Samples
from podium.workflows import Run, train
from tiny.contest import make_recipe, make_settings

Contest = Callable[[str], Samples]
ARRAY = np.zeros((4, 5, 3), np.uint8)
FRAME = pd.DataFrame({"image": ["a.png"]})


@pytest.mark.parametrize(
    ("data", "n"),
    [
        (ARRAY, 1), (np.stack([ARRAY] * 3), 3), ([ARRAY], 1), (Image.fromarray(ARRAY), 1), ("a.png", 1),
        (Path("a.JPG"), 1), (["a.png", ARRAY, Image.fromarray(ARRAY)], 3), (("a.png", "b.png"), 2),
        (np.array(["a.png", "b.png"], dtype=object), 2), (np.array(["a.png", "b.png"]), 2),
        (pd.Series(["a.png", "b.png", "c.png"]), 3), ([ARRAY[..., 0]], 1),
    ],
)  # fmt: skip
def test_images_are_told_from_other_things(data: Any, n: int) -> None:
    images = as_images(data)
    assert images is not None
    assert len(images) == n


@pytest.mark.parametrize("data", ["folder", Path("t.csv"), {"own": "a.png"}, [], ["folder", "other"], FRAME])
def test_folders_and_tables_are_no_images(data: Any) -> None:
    assert as_images(data) is None


def test_a_folder_with_the_name_of_an_image_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "set.png").mkdir()
    assert as_images(tmp_path / "set.png") is None


def test_what_is_no_image_is_named() -> None:
    with pytest.raises(ImageError, match="item 1 of the list is no image: 'folder'"):
        as_images(["a.png", "folder"])
    with pytest.raises(ImageError, match=r"shape \(4, 5\)"):
        as_images(np.zeros((4, 5), np.uint8))


@pytest.mark.parametrize("data", [None, 3, b"x", iter(["a.png"]), {"a.png"}, torch.zeros(4, 5, 3)])
def test_what_holds_no_images_is_answered_with_what_does(data: Any) -> None:
    with pytest.raises(UsageError, match="expected images or where to find them"):
        as_images(data)


def test_ids_are_paths_where_they_are_different() -> None:
    assert name_images(["x/a.png", Path("b.png")]) == ["x/a.png", "b.png"]
    assert name_images(["a.png", "a.png", ARRAY]) == ["0", "1", "2"]


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_every_form_of_an_image_gets_the_same_prediction(shape: str, contest: Contest, tmp_path: Path) -> None:
    run: Run = train(contest(shape), recipe=make_recipe(), folds=2, settings=make_settings(tmp_path))
    file = run.samples.file(3)
    array = np.asarray(Image.open(file).convert("RGB"))
    made = [run.predict(form) for form in (file, str(file), array, Image.open(file), [file], array[None])]
    for predictions in made:
        assert len(predictions) == 1
        for name, values in predictions.probs.items():
            np.testing.assert_allclose(values, made[0].probs[name], atol=1e-6)
    assert made[0].ids.tolist() == [str(file)]
    assert not list((run.folder.path / "predictions").glob("test*"))
    mirrored = run.predict([file], tta=["hflip"])
    assert mirrored.probs.keys() == made[0].probs.keys()
    for option, value in {"rows": FRAME, "delimiter": ";", "header": False, "follow_links": True, "name": "x"}.items():
        with pytest.raises(UsageError, match=f"^{option}: has no effect"):
            run.predict(file, **{option: value})
    with pytest.raises(UnknownNameError, match="hflip"):
        run.predict(file, tta=["hflop"])  # type: ignore[list-item]
