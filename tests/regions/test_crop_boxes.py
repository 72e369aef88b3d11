"""The part of each image that a recipe stores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium.curate import lay_boxes
from podium.errors import SourceError
from podium.regions.crop_boxes import crop_boxes
from podium.tables import Samples, as_text_array


def _samples(folder: Path, table: str) -> Samples:
    for name in ("a.jpg", "b.jpg"):
        exif = Image.Exif()
        exif[0x0112] = 6 if name == "b.jpg" else 1  # b is seen 60 wide and 80 high
        Image.fromarray(np.zeros((60, 80, 3), np.uint8)).save(folder / name, exif=exif)
    (folder / "boxes.csv").write_text(table)
    names = as_text_array(["a.jpg", "b.jpg"])
    return lay_boxes(Samples(folder, names, names), folder / "boxes.csv")[0]


def test_boxes_are_of_the_upright_image(tmp_path: Path) -> None:
    samples = _samples(tmp_path, "image,region,x0,y0,x1,y1\na.jpg,face,10,10,70,50\nb.jpg,face,10,10,50,70\n")
    assert crop_boxes(samples, "face", 20) == [(0, 0, 80, 60), (0, 0, 60, 80)]
    assert crop_boxes(samples, "upper_face", 0) == [(10, 10, 70, 32), (10, 10, 50, 43)]


def test_a_region_of_the_table_counts_more_than_one_made_of_the_face(tmp_path: Path) -> None:
    rows = "a.jpg,face,10,10,70,50\nb.jpg,face,10,10,50,70\na.jpg,upper_face,1,2,3,4\nb.jpg,upper_face,1,2,3,5\n"
    samples = _samples(tmp_path, "image,region,x0,y0,x1,y1\n" + rows)
    assert crop_boxes(samples, "upper_face", 0) == [(1, 2, 3, 4), (1, 2, 3, 5)]


def test_a_box_outside_of_its_picture_is_refused(tmp_path: Path) -> None:
    samples = _samples(tmp_path, "image,region,x0,y0,x1,y1\na.jpg,face,10,10,70,50\nb.jpg,face,70,10,79,50\n")
    with pytest.raises(SourceError, match=r"1 of 2 images lies outside.*b\.jpg"):
        crop_boxes(samples, "face", 0)
