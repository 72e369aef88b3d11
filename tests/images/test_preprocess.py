"""Preprocessing: what each step does, in which order, and that files, workers and memory agree."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from podium.data import build_cache, cache_key, store_in_memory
from podium.errors import UsageError
from podium.images import CutCentre, Denoise, EvenLight, Preprocessing, ToGrey, store_as
from podium.images.job import Job
from podium.images.preprocess import make_steps
from podium.images.wire import decode_job, encode_job
from podium.tables import Samples, as_text_array

PHOTO = cv2.resize(np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8), (80, 60))
EVERYTHING: tuple[Preprocessing, ...] = (CutCentre((40, 50)), ToGrey(), EvenLight(tiles=2), Denoise(5.0))


def test_the_centre_is_cut_before_resizing_and_the_rest_done_after() -> None:
    centre = PHOTO[10:50, 15:65]
    assert np.array_equal(store_as(PHOTO, (40, 50), "stretch", [CutCentre((40, 50))]), centre)
    late = store_as(PHOTO, (20, 25), "stretch", [ToGrey(), CutCentre((40, 50))])
    assert np.array_equal(late, ToGrey().change(store_as(centre, (20, 25), "stretch")))
    assert np.array_equal(store_as(PHOTO, (60, 80), "stretch", [CutCentre(1000)]), PHOTO)
    assert np.array_equal(store_as(PHOTO, (60, 50), "stretch", [CutCentre((1000, 50))]), PHOTO[:, 15:65])


def test_grey_is_pillows() -> None:
    grey = store_as(PHOTO, (60, 80), "stretch", [ToGrey()])
    assert np.abs(grey[..., 0].astype(int) - np.asarray(Image.fromarray(PHOTO).convert("L"))).max() <= 1
    assert (grey == grey[..., :1]).all()


@pytest.mark.slow
def test_denoising_brings_an_image_nearer_to_the_clean_one() -> None:
    clean = cv2.resize(PHOTO, (160, 120)).astype(np.int16)
    noisy = (clean + np.random.default_rng(1).normal(0, 12, clean.shape)).clip(0, 255).astype(np.uint8)
    better = store_as(noisy, (120, 160), "stretch", [Denoise(12.0)])
    assert np.abs(better - clean).mean() < 0.6 * np.abs(noisy - clean).mean()


def test_even_light_evens_light() -> None:
    dark = (PHOTO * np.linspace(0.1, 1.0, 80)[None, :, None]).astype(np.uint8)
    even = store_as(dark, (60, 80), "stretch", [EvenLight(4.0, 4)]).mean(axis=(0, 2))
    plain = dark.mean(axis=(0, 2))
    assert even[:20].mean() / even[-20:].mean() > 1.3 * plain[:20].mean() / plain[-20:].mean()


def test_workers_get_the_same_job() -> None:
    job = Job(size=(10, 12), preprocessing=EVERYTHING, rows="rows.bin", n_rows=2)
    assert decode_job(encode_job(job, 3.0)) == (job, 3.0)
    assert make_steps([]) == ()


@pytest.mark.long
def test_a_cache_and_memory_hold_the_same_pixels_and_each_its_own_key(tmp_path: Path) -> None:
    names = ["a.jpg", "b.png"]
    for name in names:
        Image.fromarray(np.repeat(np.repeat(PHOTO, 8, axis=0), 8, axis=1)).save(tmp_path / name)
    ids = as_text_array(names)
    samples = Samples(tmp_path, ids, ids, None, {})
    for steps in (EVERYTHING, EVERYTHING[:1], ()):
        for isolation in ("thread", "process"):
            cache = build_cache(
                samples,
                tmp_path / f"cache {isolation}",
                height=20,
                width=24,
                preprocessing=steps,
                isolation=isolation,  # type: ignore[arg-type]
                n_threads=1,
            )
            stored = store_in_memory([tmp_path / name for name in names], 20, 24, preprocessing=steps)
            assert np.array_equal(cache.pixels, stored.pixels)
    assert len(list((tmp_path / "cache thread").glob("*/"))) >= 3
    assert cache_key(samples, 20, 24)


@pytest.mark.parametrize(
    "make", [lambda: CutCentre(0), lambda: EvenLight(0), lambda: EvenLight(tiles=0), lambda: Denoise(0)]
)
def test_impossible_steps_are_refused(make: object) -> None:
    with pytest.raises(UsageError, match="expected"):
        make()  # type: ignore[operator]
