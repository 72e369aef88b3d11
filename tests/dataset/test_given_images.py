from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from podium.dataset.given_images import list_given_images, read_given_weights
from podium.errors import ImageError, LabelError

PATHS = ["a.png", "b.png"]


@pytest.mark.parametrize(
    "given",
    [
        PATHS,
        tuple(PATHS),
        np.array(PATHS),
        np.array(PATHS, object)[:, None],
        pd.Series(PATHS),
        pd.DataFrame({"path": PATHS}),
    ],
)
def test_paths_come_one_by_one_whatever_holds_them(given: object) -> None:
    assert list(map(str, list_given_images(given))) == PATHS


def test_an_array_of_pictures_is_its_pictures_and_numbers_are_none() -> None:
    pictures = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    found = list_given_images(pictures)
    assert [one.tolist() for one in found] == pictures.tolist()
    with pytest.raises(ImageError, match=r"int64 numbers of shape \(2, 5\)"):
        list_given_images(np.zeros((2, 5), np.int64))


def test_a_weight_for_each_image_or_a_line_that_says_why_not() -> None:
    assert read_given_weights(None, 3) is None
    found = read_given_weights(pd.Series([1, 0, 2.5]), 3)
    assert found is not None
    assert found.tolist() == [1.0, 0.0, 2.5]
    with pytest.raises(LabelError, match=r"shape \(2,\), expected \(3,\)"):
        read_given_weights([1, 2], 3)
    with pytest.raises(LabelError, match="no number"):
        read_given_weights(["much", 1, 1], 3)
    for wrong in (-1.0, np.nan, np.inf):
        with pytest.raises(LabelError):
            read_given_weights([1, wrong, 1], 3)
