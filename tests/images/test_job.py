"""One image of a batch: decoded, resized, stored."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium.images.decode import Limits, decode_file
from podium.images.form import Form, pack_forms
from podium.images.job import Job, Stored, do_item, do_job
from podium.images.outcome import Decoded, Outcome
from podium.images.preprocess import CutCentre, ToGrey
from podium.images.resize import resize_to
from podium.images.wire import decode_job, encode_job


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A JPEG that is decoded at a smaller scale where little is wanted of it."""
    noise = np.random.default_rng(0).integers(0, 256, (140, 210, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((2100, 1400)).save(tmp_path / "a.jpg", quality=90)
    return tmp_path / "a.jpg"


def pixels_of(result: Decoded) -> np.ndarray:
    assert result.pixels is not None, result.reason
    return result.pixels


@pytest.mark.slow
def test_pixels_are_those_of_the_decode_and_the_resize(photo: Path) -> None:
    np.testing.assert_array_equal(pixels_of(do_job(photo, Job())), pixels_of(decode_file(photo)))
    small = decode_file(photo, target_px=90)
    assert pixels_of(small).shape[0] < 1400  # the longer side of the size is what a JPEG is scaled for
    np.testing.assert_array_equal(
        pixels_of(do_job(photo, Job(size=(60, 90), fit="pad"))), resize_to(pixels_of(small), 60, 90, "pad")
    )
    large = decode_file(photo, target_px=2100)
    np.testing.assert_array_equal(
        pixels_of(do_job(photo, Job(size=(60, 90), target_px=2100))), resize_to(pixels_of(large), 60, 90)
    )


@pytest.mark.slow
def test_facts_and_pixels_come_only_where_wanted(photo: Path) -> None:
    facts = decode_file(photo).facts
    assert do_job(photo, Job(size=(8, 8))).facts == facts
    assert do_job(photo, Job(with_facts=False)).facts is None
    given = do_job(photo.read_bytes(), Job(size=(8, 8)))
    assert given.facts == facts
    np.testing.assert_array_equal(pixels_of(given), pixels_of(do_job(photo, Job(size=(8, 8)))))
    audited = do_job(photo, Job(with_pixels=False, target_px=1))
    assert (audited.pixels, audited.outcome, audited.facts) == (None, Outcome.OK, facts)


def test_limits_and_missing_files_are_outcomes(photo: Path) -> None:
    assert do_job(photo, Job(Limits(max_pixels=1000))).outcome is Outcome.TOO_LARGE
    assert do_job(photo, Job(Limits(max_bytes=1000))).outcome is Outcome.TOO_MANY_BYTES
    assert do_job(photo.with_name("none.jpg"), Job(size=(4, 4))).outcome is Outcome.MISSING


def test_a_resize_that_finds_no_memory_is_an_outcome(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("podium.images.preprocess.resize_to", refuse)
    result = do_job(photo, Job(size=(4, 4)))
    assert (result.outcome, result.pixels) == (Outcome.OUT_OF_MEMORY, None)
    assert result.reason


@pytest.mark.slow
def test_rows_take_the_pixels_and_zeros_take_the_place_of_what_stood_there(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "rows").write_bytes(b"\xaa" * 3 * 4 * 5 * 3)
    job = Job(size=(4, 5), rows=str(tmp_path / "rows"), n_rows=3)
    rows = job.open_rows()
    assert rows is not None
    good, bad = do_item((2, photo), job, rows), do_item((0, photo.with_name("none.jpg")), job, rows)
    rows.close()
    found = np.fromfile(tmp_path / "rows", np.uint8).reshape(3, 4, 5, 3)
    np.testing.assert_array_equal(found[2], pixels_of(do_job(photo, Job(size=(4, 5)))))
    assert not found[0].any()
    assert (found[1] == 0xAA).all()
    assert isinstance(good, Stored)
    assert isinstance(bad, Stored)
    assert (good.row, good.outcome, good.crc32) == (2, Outcome.OK, zlib.crc32(found[2].tobytes()))
    assert (bad.row, bad.outcome, bad.crc32, bad.facts) == (0, Outcome.MISSING, zlib.crc32(bytes(60)), None)
    assert good.facts == decode_file(photo).facts


def test_without_a_file_or_a_size_there_are_no_rows(photo: Path) -> None:
    assert Job(size=(4, 4)).open_rows() is None
    assert Job(rows="anything").open_rows() is None
    assert isinstance(do_item((0, photo), Job(), None), Decoded)


@pytest.mark.slow
def test_every_form_is_decoded_for_itself(photo: Path) -> None:
    """A JPEG is decoded at another scale for a small image, and at none where a centre is cut out."""
    first = Job(size=(24, 40), fit="pad", preprocessing=(ToGrey(),))
    forms = (Form((96, 64), "crop"), Form((30, 30), preprocessing=(CutCentre(400),), value_range=(0.0, 4095.0)))
    alone = [pixels_of(do_job(photo, first))]
    alone += [
        pixels_of(do_job(photo, Job(size=form.size, fit=form.fit, preprocessing=form.preprocessing))) for form in forms
    ]
    job, _ = decode_job(json.loads(json.dumps(encode_job(replace(first, also=forms), 1.0))))
    assert job.also == forms
    found = pixels_of(do_job(photo, job))
    assert found.shape == (96, 64, 9)
    np.testing.assert_array_equal(found, pack_forms(alone))


def test_a_failure_is_that_of_the_first_form(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no image")
    job = Job(size=(8, 8), also=(Form((4, 4)),))
    found = do_job(tmp_path / "a.png", job)
    assert found.pixels is None
    assert found.outcome == do_job(tmp_path / "a.png", replace(job, also=())).outcome != Outcome.OK
