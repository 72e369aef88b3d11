"""A training sees the region that its recipe names, and so do prediction, evaluation, resume and ImageClassifier."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import podium
from podium.curate import lay_boxes
from podium.data import open_cache
from podium.errors import RecipeError, SourceError, UsageError
from podium.images import decode_file, resize_to
from podium.machine import Silent
from podium.regions import register_detector
from podium.tables import Samples
from podium.workflows import Run, train
from tiny.contest import TINY, Notes, copy_run, make_recipe, make_samples, make_settings, results_of
from tiny.faces import FaceDetector, draw_faces
from tiny.retouched import retouch

FACE = ("image.region=face", "image.region_pad=2", "image.detect=[skin,centre:0.5]")


@pytest.fixture(autouse=True)
def detector() -> FaceDetector:
    made = FaceDetector()
    register_detector("skin", made, version="1")
    return made


def _samples(folder: Path, shape: str = "single") -> Samples:
    samples = make_samples(folder, shape)
    draw_faces(folder, len(samples), without=[3, 7])
    return samples


def _train(root: Path, samples: Samples, *lines: str, **more: Any) -> Run:
    settings = make_settings(root)
    return train(
        samples, recipe=make_recipe(*lines), folds=2, settings=settings, progress=Silent(), name="mine", **more
    )


def _pixels(run: Run) -> dict[str, np.ndarray]:
    record = run.folder.read()
    cache = open_cache(Path(record["cache"]) / record["cache_key"])
    return dict(zip(cache.ids.tolist(), cache.pixels, strict=True))


@pytest.mark.long
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_the_cache_holds_the_padded_region_of_every_image(tmp_path: Path, shape: str) -> None:
    samples = _samples(tmp_path / "images", shape)
    run = _train(tmp_path, samples, *FACE)
    boxes = run.samples.boxes["face"]
    assert boxes.counts() == {"skin": 34, "centre": 2}
    stored = _pixels(run)
    for row, name in enumerate(run.samples.ids.tolist()):
        x0, y0, x1, y1 = boxes.corners[row].tolist()
        whole = decode_file(samples.root / name).pixels
        assert whole is not None
        part = whole[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2]
        np.testing.assert_array_equal(stored[name], resize_to(part, 32, 32))


@pytest.mark.long
def test_prediction_looks_for_the_region_itself(tmp_path: Path) -> None:
    samples = _samples(tmp_path / "images")
    run = _train(tmp_path, samples, *FACE)
    notes = Notes()
    by_folder = run.predict(samples.root, progress=notes)
    assert any("skin 34, centre 2" in note for note in notes.notes)
    files = [samples.file(row) for row in range(5)]
    in_memory = run.predict(files)
    np.testing.assert_allclose(
        in_memory.probs["mask"],
        by_folder.align(np.array([f"{row:02d}.png" for row in range(5)], object)).probs["mask"],
        atol=1e-6,
    )
    labelled = retouch(samples, tmp_path / "retouched")
    assert run.evaluate(labelled, progress=Silent()).main is not None


@pytest.mark.long
def test_a_table_comes_before_the_chain_and_new_images_need_theirs(tmp_path: Path) -> None:
    samples = _samples(tmp_path / "images")
    podium.find_regions(
        samples, detect="skin,centre", out=tmp_path / "boxes.csv", progress=Silent(), settings=make_settings(tmp_path)
    )
    given = lay_boxes(samples, tmp_path / "boxes.csv")[0]
    run = _train(tmp_path, given, "image.region=face")
    assert run.samples.boxes["face"].counts() == {"skin": 34, "centre": 2}
    with pytest.raises(RecipeError, match=r"image\.region=face needs a box"):
        run.predict(samples.root, progress=Silent())
    with pytest.raises(RecipeError, match=r"image\.detect names no detector"):
        run.predict([samples.file(0)])
    assert len(run.predict(samples.root, regions=tmp_path / "boxes.csv", progress=Silent())) == len(samples)
    assert (tmp_path / "boxes.png").is_file()


@pytest.mark.slow
def test_images_without_a_box_are_refused_and_named(tmp_path: Path) -> None:
    samples = _samples(tmp_path / "images")
    with pytest.raises(SourceError, match=r"2 of 36 images have no box of face: '?03\.png"):
        _train(tmp_path, samples, "image.region=face", "image.detect=[skin]")
    with pytest.raises(RecipeError, match="needs a box for every image"):
        _train(tmp_path, samples, "image.region=face")
    with pytest.raises(RecipeError, match=r"image\.detect=.* has no effect with image\.region=whole"):
        make_recipe("image.detect=[skin]")


def test_boxes_that_no_model_sees_are_refused(tmp_path: Path) -> None:
    samples = _samples(tmp_path / "images")
    found = podium.find_regions(samples, detect="centre", progress=Silent(), settings=make_settings(tmp_path))
    with pytest.raises(RecipeError, match=r"image\.region=whole uses none"):
        _train(tmp_path, found.samples)


@pytest.mark.long
def test_a_run_goes_on_without_its_cache_or_its_detector(tmp_path: Path, detector: FaceDetector) -> None:
    samples = _samples(tmp_path / "images")
    whole = _train(tmp_path / "whole", samples, *FACE)
    started = _train(tmp_path / "part", samples, *FACE, only_folds=[0])
    copy = copy_run(started, tmp_path / "copy")
    n_asked = detector.n_asked
    podium.resume("mine", only_folds=[0, 1], settings=make_settings(tmp_path / "copy"), progress=Silent())
    assert detector.n_asked == n_asked  # the boxes are in the run
    one, other = results_of(whole.folder.path), results_of(copy.folder.path)
    assert {name: data for name, data in one.items() if "fold-1" in name} == {
        name: data for name, data in other.items() if "fold-1" in name
    }


@pytest.mark.long
def test_prepared_data_get_their_boxes_from_each_recipe(tmp_path: Path) -> None:
    samples = _samples(tmp_path / "images")
    (samples.root / "05.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    settings = make_settings(tmp_path, max_bad_fraction=0.1)
    prepared = podium.prepare(samples, folds=2, settings=settings, progress=Silent())
    run = train(prepared, recipe=make_recipe(*FACE), settings=settings, progress=Silent())
    assert run.samples.boxes["face"].counts() == {"skin": 33, "centre": 2}
    assert prepared.samples.boxes == {}


@pytest.mark.slow
def test_a_classifier_finds_the_region_in_arrays(tmp_path: Path, detector: FaceDetector) -> None:
    samples = _samples(tmp_path / "images")
    images = [decode_file(samples.file(row)).pixels for row in range(12)]
    model = podium.ImageClassifier(overrides=[*TINY, *FACE]).fit(images, ["a", "b"] * 6)
    assert detector.n_asked == 12
    assert model.predict(images[:3]).shape == (3,)
    assert detector.n_asked == 15
    with pytest.raises(RecipeError, match="names no detector"):
        podium.ImageClassifier(overrides=[*TINY, "image.region=face"]).fit(images, ["a", "b"] * 6)


def test_a_missing_package_stops_before_anything_is_read(tmp_path: Path) -> None:
    pytest.importorskip("podium")
    samples = _samples(tmp_path / "images")
    samples = replace(samples)
    try:
        import retinaface  # noqa: F401
    except ImportError:
        with pytest.raises(UsageError, match=r"podium\[face\]"):
            _train(tmp_path, samples, "image.region=face", "image.detect=[retinaface,centre]")
