"""Detectors of ONNX files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from podium.errors import UsageError
from podium.images import decode_file, read_detections
from podium.regions import onnx_detector
from podium.regions.onnx_adapter import _keep_surest
from podium.testing import check_detector


@pytest.mark.slow
@pytest.mark.shared
def test_a_real_network_keeps_the_contract_and_finds_bare_faces(shared_data: Callable[[str], Path]) -> None:
    detect = onnx_detector(shared_data("face_detectors") / "version-RFB-320.onnx", height=240, width=320)
    check_detector(detect)
    photos = sorted((shared_data("mask7_semisynth") / "train" / "images").glob("*/normal.jpg"))[:10]
    n_found = 0
    for photo in photos:
        pixels = decode_file(photo).pixels
        assert pixels is not None
        n_found += len(read_detections(detect(pixels), "rfb")) > 0
    assert n_found >= 8


def test_of_boxes_that_overlap_the_surest_is_kept() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [1, 0, 11, 10], [30, 30, 40, 40]])
    kept, sure = _keep_surest(boxes, np.array([0.8, 0.9, 0.7]), 0.3)
    assert kept.tolist() == [[1, 0, 11, 10], [30, 30, 40, 40]]
    assert sure.tolist() == [0.9, 0.7]


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"no network")
    with pytest.raises(UsageError, match="OpenCV cannot read"):
        onnx_detector(tmp_path / "net.onnx", height=1, width=1)
