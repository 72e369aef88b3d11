"""Clusters of a run as groups: written whole, read back, and refused where they are something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import podium
from podium.curate import read_clusters, write_clusters
from podium.errors import CorruptFileError, SourceError, UsageError

NAMES = ["a/1.png", 'b/"2", x.png', "a/3.png", "b/4.png", "b/5.png"]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_clusters(tmp_path / "clusters.csv", NAMES, np.array([2, 0, 2, 1, 0]))
    assert read_clusters(tmp_path) == {NAMES[0]: NAMES[0], NAMES[2]: NAMES[0], NAMES[1]: NAMES[1], NAMES[4]: NAMES[1]}
    assert read_clusters(tmp_path / "clusters.csv") == read_clusters(tmp_path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no clear clusters"):
        read_clusters(tmp_path)
    for content in (b"name,cluster\na,a\n", b"image,cluster\na,b,c\n", b"\xff\xfe", b""):
        (tmp_path / "clusters.csv").write_bytes(content)
        with pytest.raises(CorruptFileError):
            read_clusters(tmp_path)


def test_a_scan_takes_them_for_groups(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/3.png", "b/4.png", "b/5.png"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "data" / name)
    write_clusters(tmp_path / "clusters.csv", ["a/1.png", "a/3.png", "gone.png"], np.array([0, 0, 0]))
    found = podium.scan(tmp_path / "data", group_from=f"clusters:{tmp_path}")
    assert found.samples.group is not None
    assert found.samples.group.tolist() == ["like a/1.png", "like a/1.png", "", ""]
    assert any("no named groups" in note for note in found.notes)
    assert any("2 images have no look-alike" in note for note in found.notes)
    write_clusters(tmp_path / "clusters.csv", ["x.png", "y.png"], np.array([0, 0]))
    with pytest.raises(SourceError, match="none of these images"):
        podium.scan(tmp_path / "data", group_from=f"clusters:{tmp_path}")
    with pytest.raises(UsageError, match="both ways"):
        podium.scan(tmp_path / "data", group="folder", group_from=f"clusters:{tmp_path}")
