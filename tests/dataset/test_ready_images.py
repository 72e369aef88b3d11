"""Images made ready: what is decoded once, what is set aside, what is told about them, and how large they are."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium.dataset import ready_images
from podium.dataset.ready_images import describe_crops, describe_findings, make_ready, median_side
from podium.errors import Stopped
from podium.images import CutCentre, ToGrey
from podium.machine.progress import Update
from podium.tables import Samples, as_text_array
from tiny.contest import N, Notes, make_recipe, make_samples, make_settings


def bare_samples(folder: Path, sizes: list[tuple[int, int]]) -> Samples:
    """Black images of the sizes, width first, without labels."""
    folder.mkdir()
    names = [f"{row:04d}.png" for row in range(len(sizes))]
    for name, size in zip(names, sizes, strict=True):
        Image.new("1", size).save(folder / name)
    return Samples(folder, as_text_array(names), as_text_array(names))


def test_the_median_is_that_of_the_shorter_sides(tmp_path: Path) -> None:
    samples = bare_samples(tmp_path / "a", [(10, 90), (80, 20), (300, 300)])
    assert median_side(samples) == 20
    samples.file(1).write_bytes(b"no image")
    assert median_side(samples) == (10 + 300) / 2
    assert median_side(bare_samples(tmp_path / "b", [(7, 9)])) == 7


def test_where_no_size_can_be_read_it_is_the_usual_one(tmp_path: Path) -> None:
    samples = bare_samples(tmp_path / "a", [(10, 90)])
    samples.file(0).unlink()
    assert median_side(samples) == 224


def test_two_hundred_headers_from_first_to_last_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def read_size(file: Path) -> tuple[int, int]:
        read.append(int(file.stem))
        return 10**6, int(file.stem)

    monkeypatch.setattr(ready_images, "read_size", read_size)
    names = as_text_array([f"{row:04d}.png" for row in range(1001)])
    assert median_side(Samples(Path("nowhere"), names, names)) == pytest.approx(500, abs=5)
    assert len(read) == len(set(read)) == 200
    assert (read[0], read[-1]) == (0, 1000)


def test_rows_and_fingerprints_belong_to_the_usable_samples(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", "single")
    samples.file(0).write_bytes(b"no image")
    settings = make_settings(tmp_path, max_bad_fraction=1 / N)
    images = make_ready(samples, make_recipe(), settings, Notes())
    assert images.samples.ids.tolist() == samples.ids[1:].tolist()
    assert images.rows.tolist() == list(range(1, N))
    found = images.fingerprints()
    files = [samples.file(row) for row in range(1, N)]
    assert found["sha256"].tolist() == [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    assert found["phash"].shape == (N - 1,)
    whole = make_ready(samples.take(np.arange(1, N)), make_recipe(), settings, Notes()).fingerprints()
    for name in ("phash", "thumbnails"):
        np.testing.assert_array_equal(found[name], whole[name])  # type: ignore[literal-required]


def test_images_that_cannot_be_used_are_set_aside_however_many(tmp_path: Path) -> None:
    """The limit belongs to those who train; `prepare_samples` compares it."""
    samples = make_samples(tmp_path / "images", "single")
    for row in (2, 4):
        samples.file(row).write_bytes(b"no image")
    ready = make_ready(samples, make_recipe(), make_settings(tmp_path, max_bad_fraction=0.0), Notes())
    assert len(ready.samples) == N - 2
    assert [row.id for row in ready.audit.quarantine] == ["02.png", "04.png"]


def test_a_stop_keeps_what_is_decoded(tmp_path: Path) -> None:
    class Stopping(Notes):
        @contextmanager
        def stage(self, title: str, total: int) -> Iterator[Update]:
            assert (title, total) == ("decode images", N)
            sent: list[int] = []
            yield lambda done: None if sent else sent.append(done) or os.kill(os.getpid(), signal.SIGTERM)

    samples = make_samples(tmp_path / "images", "single")
    with pytest.raises(Stopped):
        make_ready(samples, make_recipe(), make_settings(tmp_path), Stopping())
    assert len(make_ready(samples, make_recipe(), make_settings(tmp_path), Notes()).samples) == N


def test_a_centre_crop_larger_than_an_image_is_told(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", "single")
    audit = make_ready(samples, make_recipe(), make_settings(tmp_path), Notes()).audit
    height, width = int(audit.height.max()), int(audit.width.max())
    assert describe_crops(audit, [CutCentre(size_px=(height, width)), ToGrey()]) == []
    (note,) = describe_crops(audit, [CutCentre(size_px=(height, width + 1))])
    assert note.startswith(f"{N} of {N} images are smaller than the centre crop of {height} x {width + 1} px")


def test_findings_name_three_images_and_count_all(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", "single")
    settings = make_settings(tmp_path, max_bad_fraction=0.5)
    assert describe_findings(make_ready(samples, make_recipe(), settings, Notes()).audit) == []
    for row in (1, 3, 5, 7):
        samples.file(row).write_bytes(b"no image")
    for row in (10, 12, 20, 24):
        samples.file(row + 1).write_bytes(samples.file(row).read_bytes())  # of the other class
    samples.file(32).write_bytes(samples.file(30).read_bytes())  # of the same class
    broken, conflicts = describe_findings(make_ready(samples, make_recipe(), settings, Notes()).audit)
    assert broken == "4 of 36 images cannot be decoded: 01.png, 03.png, 05.png."
    assert conflicts == (
        "Identical files with different labels, 4 times: 10.png = 11.png; 12.png = 13.png; 20.png = 21.png."
        " One label is wrong."
    )


def test_values_that_use_little_of_their_range_are_told_with_the_key_that_scales_them(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", "single")
    for row in range(6):
        values = np.random.default_rng(row).integers(0, 4096, (20, 20)).astype(np.uint16)
        Image.fromarray(values).save(samples.file(row))
    settings = make_settings(tmp_path)
    plain = make_ready(samples, make_recipe(), settings, Notes())
    (note,) = describe_findings(plain.audit)
    assert "The values of 6 images of more than 8 bits lie from" in note
    assert "65,535 white" in note
    assert "image.value_range=[0, 4095]" in note

    scaled = make_ready(samples, make_recipe("image.value_range=[0, 4095]"), settings, Notes())
    assert describe_findings(scaled.audit) == []
    assert scaled.cache.folder != plain.cache.folder
    assert plain.cache.pixels[:6].max() < 17
    assert scaled.cache.pixels[:6].max() > 200
    assert np.array_equal(plain.cache.pixels[6:], scaled.cache.pixels[6:])


def test_files_of_several_images_are_told(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", "single")
    pages = [Image.fromarray(np.full((20, 20, 3), level, np.uint8)) for level in (10, 200)]
    for row, kind in enumerate(("TIFF", "GIF", "WEBP", "PNG")):
        pages[0].save(samples.file(row), kind, save_all=True, append_images=pages[1:])
    ready = make_ready(samples, make_recipe(), make_settings(tmp_path), Notes())
    notes = describe_findings(ready.audit)
    assert notes == [
        "4 of 36 files hold several images (pages or frames); only the first counts: 00.png, 01.png, 02.png."
    ]
    assert ready.audit.to_dict()["odd"]["several_frames"]["n"] == 4
    assert np.abs(ready.cache.pixels[:4].astype(int) - 10).max() <= 3, "the first one"
