"""Tables of boxes that people bring."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from podium.curate import ScanOptions, scan
from podium.errors import TableError
from podium.tables import Samples, concat_samples, load_samples, save_samples
from tiny.faces import draw_faces

HEAD = "image,x0,y0,x1,y1\n"


def _read(folder: Path, text: str) -> Samples:
    (folder / "boxes.csv").write_text(text)
    return scan(folder / "images", ScanOptions(unlabelled=True, regions=folder / "boxes.csv")).samples


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw_faces(tmp_path / "images", 4)
    return tmp_path


def test_names_are_joined_as_labels_are_and_other_images_stay_open(folder: Path) -> None:
    boxes = _read(folder, HEAD + "images/01.png,1.2,2,30,39.5\nimages/03.png,4,5,6,7\n").boxes["face"]
    assert boxes.corners.tolist() == [[0] * 4, [1, 2, 30, 40], [0] * 4, [4, 5, 6, 7]]
    assert boxes.source.tolist() == ["", "table", "", "table"]
    assert boxes.is_open.tolist() == [True, False, True, False]


def test_a_frame_will_do(folder: Path) -> None:
    frame = pd.DataFrame({"image": ["00.png"], "region": ["logo"], "x0": [1], "y0": [2], "x1": [3], "y1": [4]})
    found = scan(folder / "images", ScanOptions(unlabelled=True, regions=frame)).samples  # type: ignore[arg-type]
    assert found.boxes["logo"].corners[0].tolist() == [1, 2, 3, 4]


def test_boxes_travel_with_the_samples(folder: Path) -> None:
    text = "image,region,x0,y0,x1,y1,source,score,points\n"
    text += "00.png,face,1,2,30,40,mtcnn,0.75,1 2 3 4 5 6 7 8 9 10\n01.png,face,,,,,none,,\n02.png,logo,1,1,2,2,,,\n"
    samples = _read(folder, text)
    save_samples(samples, folder / "saved")
    again = load_samples(folder / "saved")
    assert again.table_digest == samples.table_digest != _read(folder, text.replace("30,40", "30,41")).table_digest
    assert again.boxes["face"].points[0].tolist() == [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]
    assert again.take([1, 0]).boxes["face"].source.tolist() == ["none", "mtcnn"]
    draw_faces(folder / "more", 2)
    whole = concat_samples({"main": samples, "more": scan(folder / "more", ScanOptions(unlabelled=True)).samples})
    assert whole.boxes["face"].source.tolist() == ["mtcnn", "none", "", "", "", ""]
    np.testing.assert_array_equal(whole.boxes["logo"].corners[:4], samples.boxes["logo"].corners)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image,x0,y0\n00.png,1,2\n", "missing: x1, y1"),
        (HEAD + "00.png,5,5,5,9\n", "row 2.*is empty"),
        (HEAD + "00.png,1,2,3,\n", "row 2.*must be numbers"),
        (HEAD + "00.png,1,2,3,4\n00.png,1,2,3,5\n", "row 3.*two boxes"),
        (HEAD + "elsewhere.png,1,2,3,4\n", "no row names"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(folder: Path, text: str, words: str) -> None:
    with pytest.raises(TableError, match=words):
        _read(folder, text)
