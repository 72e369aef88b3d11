"""Boxes of many images by a chain: who fired, each image looked at once, a stop that costs nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from podium.images import decode_file
from podium.regions import find_boxes_in, read_chain, register_detector
from podium.regions.search import find_boxes
from podium.tables import Samples, as_text_array
from tiny.faces import FaceDetector, draw_faces


def _samples(folder: Path, n: int = 6) -> Samples:
    names = as_text_array(draw_faces(folder, n, without=[1, 4]))
    return Samples(folder, names, names)


@pytest.fixture
def detector() -> FaceDetector:
    made = FaceDetector()
    register_detector("skin", made, version="1")
    return made


@pytest.mark.slow
def test_the_first_link_that_finds_something_counts(tmp_path: Path, detector: FaceDetector) -> None:
    samples = _samples(tmp_path)
    found = find_boxes(samples, read_chain("skin,centre:0.5"))
    assert found.counts() == {"skin": 4, "centre": 2}
    assert found.corners[1].tolist() == [15, 20, 45, 60]
    for row in (0, 2, 3, 5):
        pixels = decode_file(samples.file(row)).pixels
        assert pixels is not None
        (box,), (score,), points = detector(pixels)
        assert found.corners[row].tolist() == list(box)
        assert found.score[row] == score
        np.testing.assert_allclose(found.points[row], points[0])
        np.testing.assert_array_equal(find_boxes_in([pixels], read_chain("skin")).corners[0], found.corners[row])


@pytest.mark.slow
def test_without_an_answer_for_all_some_are_left(tmp_path: Path, detector: FaceDetector) -> None:
    samples = _samples(tmp_path)
    samples.file(2).write_bytes(b"\x89PNG\r\n\x1a\n broken")
    found = find_boxes(samples, read_chain("skin"))
    assert found.source.tolist() == ["skin", "none", "unreadable", "skin", "none", "skin"]
    assert found.is_there.tolist() == [True, False, False, True, False, True]


@pytest.mark.long
def test_an_image_is_looked_at_once_wherever_it_lies(tmp_path: Path, detector: FaceDetector) -> None:
    first = find_boxes(_samples(tmp_path / "a"), read_chain("skin,centre"), tmp_path / "cache")
    n_first = detector.n_asked
    second = find_boxes(_samples(tmp_path / "b"), read_chain("skin,centre:0.5"), tmp_path / "cache")
    assert n_first == detector.n_asked == 6
    np.testing.assert_array_equal(first.corners[[0, 2, 3, 5]], second.corners[[0, 2, 3, 5]])
    register_detector("skin", detector, version="2")
    find_boxes(_samples(tmp_path / "b"), read_chain("skin,centre"), tmp_path / "cache")
    assert detector.n_asked == 12


@pytest.mark.slow
def test_a_stop_keeps_what_was_found(tmp_path: Path, detector: FaceDetector) -> None:
    def stop(done: int, _n: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    samples = _samples(tmp_path / "a")
    with pytest.raises(KeyboardInterrupt):
        find_boxes(samples, read_chain("skin,centre"), tmp_path / "cache", on_progress=stop)
    find_boxes(samples, read_chain("skin,centre"), tmp_path / "cache")
    assert detector.n_asked == 6


def test_the_largest_or_the_surest_is_taken() -> None:
    register_detector("two", lambda image: ([[0, 0, 9, 9], [20, 20, 24, 24]], [0.6, 0.9]))
    image = np.zeros((30, 30, 3), np.uint8)
    assert find_boxes_in([image], read_chain("two")).corners[0].tolist() == [0, 0, 9, 9]
    assert find_boxes_in([image], read_chain("two:confident")).corners[0].tolist() == [20, 20, 24, 24]
