"""Groups by folders, bursts, cameras, columns, and duplicates alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium.curate import ScanOptions, scan
from podium.errors import SourceError, UnknownNameError, UsageError

SECONDS = (0, 3, 8, 200, 203, 900)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    lines = ["image,label,who,taken"]
    for place, second in enumerate(SECONDS):
        image = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        entries = image.getexif()
        entries[0x0110] = "M1" if place < 3 else "M2"
        taken = f"2021:03:15 10:{second // 60:02d}:{second % 60:02d}"
        if place < 5:
            entries.get_ifd(0x8769)[0x9003] = taken
        path = tmp_path / "photos" / f"f{place // 2}" / f"{place}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, exif=entries)
        lines.append(f"f{place // 2}/{place}.jpg,{'ab'[place % 2]},p{place % 3},{taken}")
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def group_of(place: Path, wanted: str, **more: str) -> list[str]:
    options = ScanOptions(labels=place / "table.csv", label_columns=("label",), group_from=wanted, **more)  # type: ignore[arg-type]
    samples = scan(place / "photos", options).samples
    return [] if samples.group is None else [str(name) for name in samples.group]


@pytest.mark.parametrize(
    ("wanted", "same"),
    [
        ("exif", [0, 0, 0, 1, 1, -1]),
        ("exif:4", [0, 0, 2, 1, 1, -1]),
        ("taken:150", [0, 0, 0, 3, 3, 4]),
        ("taken:200", [0, 0, 0, 0, 0, 4]),
        ("camera", [0, 0, 0, 1, 1, 1]),
        ("folder", [0, 0, 1, 1, 2, 2]),
        ("who", [0, 1, 2, 0, 1, 2]),
    ],
)
def test_who_is_kept_together(photos: Path, wanted: str, same: list[int]) -> None:
    group = group_of(photos, wanted)
    for i, one in enumerate(same):
        for j, other in enumerate(same):
            assert i == j or (group[i] == group[j] and group[i] != "") == (one == other and one >= 0)


def test_chains_name_no_group_and_guess_none(photos: Path) -> None:
    table = photos / "table.csv"
    table.write_text(table.read_text().replace("who", "person"))
    assert group_of(photos, "chains") == []
    assert len(set(group_of(photos, "person"))) == 3


def test_what_cannot_be_is_refused(photos: Path) -> None:
    with pytest.raises(UsageError, match="both ways"):
        group_of(photos, "exif", group="who")
    with pytest.raises(UsageError, match="'soon' is no pause"):
        group_of(photos, "exif:soon")
    with pytest.raises(UnknownNameError, match="exfi"):
        group_of(photos, "exfi")
    for path in (photos / "photos").rglob("*.jpg"):
        Image.open(path).save(path)
    with pytest.raises(SourceError, match="no image says when it was taken"):
        group_of(photos, "exif")
