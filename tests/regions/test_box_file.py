"""Boxes on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from podium.curate import lay_boxes
from podium.errors import UsageError
from podium.regions import read_chain, register_detector
from podium.regions.box_file import save_boxes
from podium.regions.search import find_boxes
from podium.tables import Samples, as_text_array
from tiny.faces import FaceDetector, draw_faces


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_what_is_written_is_read_again(tmp_path: Path, ending: str) -> None:
    register_detector("skin", FaceDetector())
    names = as_text_array(draw_faces(tmp_path, 4, without=[2]))
    samples = Samples(tmp_path, names, names)
    found = find_boxes(samples, read_chain("skin"))
    path = tmp_path / f"boxes{ending}"
    for _ in range(2):  # its own file may be replaced
        save_boxes(path, samples, {"face": found})
    again = lay_boxes(samples, path)[0].boxes["face"]
    np.testing.assert_array_equal(again.corners, found.corners)
    np.testing.assert_array_equal(again.source, found.source)
    np.testing.assert_allclose(again.score, found.score, atol=1e-4)
    np.testing.assert_array_equal(again.points, found.points)


def test_another_file_is_not_replaced(tmp_path: Path) -> None:
    names = as_text_array(draw_faces(tmp_path, 1))
    samples, path = Samples(tmp_path, names, names), tmp_path / "mine.csv"
    path.write_text("image,x\n")
    with pytest.raises(UsageError, match="no table of boxes"):
        save_boxes(path, samples, {})
    with pytest.raises(UsageError, match=r"\.csv or \.parquet"):
        save_boxes(tmp_path / "boxes.xlsx", samples, {})
