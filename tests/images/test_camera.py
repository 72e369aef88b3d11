"""Times and cameras out of files, and photos in quick succession beside a slow loop."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image

from podium.images import CameraFacts, number_bursts, read_camera


def save_photo(path: Path, *, taken: str | None, serial: str = "", subsecond: str = "") -> Path:
    image = Image.new("RGB", (8, 8))
    entries = image.getexif()
    entries[0x010F], entries[0x0110], entries[0x0132] = "Maker", "M1", "2030:01:01 00:00:00"
    own = entries.get_ifd(0x8769)
    own |= {0x9003: taken} if taken else {}
    own |= {0xA431: serial} if serial else {}
    own |= {0x9291: subsecond} if subsecond else {}
    image.save(path, exif=entries)
    return path


def test_what_a_file_says(tmp_path: Path) -> None:
    full = save_photo(tmp_path / "a.jpg", taken="1970:01:02 00:00:01", serial="77", subsecond="25")
    assert read_camera(full) == CameraFacts(86401.25, "Maker M1 77")
    edited = read_camera(save_photo(tmp_path / "b.jpg", taken=None))
    assert math.isnan(edited.time)
    assert edited.camera == "Maker M1"
    (tmp_path / "c.jpg").write_bytes(full.read_bytes()[:60])
    for name in ("c.jpg", "missing.jpg"):
        assert read_camera(tmp_path / name).camera == ""
    assert math.isnan(read_camera(save_photo(tmp_path / "d.jpg", taken="0000:00:00 00:00:00")).time)


def test_bursts_are_those_of_a_slow_loop() -> None:
    rng = np.random.default_rng(0)
    facts = [
        CameraFacts(float(t) if rng.random() > 0.1 else math.nan, f"c{rng.integers(2)}")
        for t in rng.integers(0, 2000, 60)
    ]
    burst = number_bursts(facts, 20)
    for i, one in enumerate(facts):
        for j, other in enumerate(facts):
            if math.isnan(one.time) or math.isnan(other.time) or one.camera != other.camera:
                assert i == j or burst[i] != burst[j] or burst[i] == -1
                continue
            low, high = sorted((one.time, other.time))
            between = sorted(f.time for f in facts if f.camera == one.camera and low <= f.time <= high)
            assert (burst[i] == burst[j]) == all(np.diff(between) <= 20)
