"""Heads with regions of their own: each model sees its region, in training, prediction, resume and ImageClassifier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import podium
from podium.data import open_cache
from podium.errors import RecipeError, UnknownNameError
from podium.images import decode_file
from podium.machine import Silent
from podium.regions import register_detector
from podium.workflows import Run, train
from tiny.contest import TINY, copy_run, make_recipe, make_samples, make_settings, results_of
from tiny.faces import FaceDetector, draw_faces

SEPARATE = ("model.arrangement=separate", "image.detect=[skin,centre:0.5]")
OWN = (*SEPARATE, "image.regions.age=upper_face", "image.regions.mask=face")


@pytest.fixture(autouse=True)
def _detector() -> None:
    register_detector("skin", FaceDetector(), version="1")


def _train(root: Path, images: Path, *lines: str, only_folds: list[int] | None = None) -> Run:
    samples = make_samples(images, "attributes")
    draw_faces(images, len(samples), without=[3])
    settings, quiet = make_settings(root), Silent()
    data = podium.prepare(samples, folds=2, settings=settings, progress=quiet)  # the same folds whatever is cut
    return train(
        data, recipe=make_recipe(*lines), settings=settings, progress=quiet, name="mine", only_folds=only_folds
    )


@pytest.mark.long
def test_each_model_is_that_of_a_run_in_which_all_see_its_region(tmp_path: Path) -> None:
    run = _train(tmp_path / "own", tmp_path / "images", *OWN)
    record = run.folder.read()
    assert set(record["cache_parts"]) == {"face", "upper_face"}
    names = (record["cache_key"], record["cache_parts"]["upper_face"])
    whole, upper = (open_cache(Path(record["cache"]) / name) for name in names)
    assert (whole.pixels != upper.pixels).any()
    found = run.predict([run.samples.root / name for name in run.samples.ids[:3]])
    for region, head in (("upper_face", "age"), ("face", "mask")):
        other = _train(tmp_path / region, tmp_path / "images", *SEPARATE, f"image.region={region}")
        np.testing.assert_array_equal(run.oof.probs[head], other.oof.align(run.oof.ids).probs[head])
        again = other.predict([run.samples.root / name for name in run.samples.ids[:3]])
        np.testing.assert_allclose(found.probs[head], again.probs[head], atol=1e-6)
    by_folder = run.predict(run.samples.root, progress=Silent())
    place = [by_folder.ids.tolist().index(name) for name in run.samples.ids[:3]]
    for head in ("age", "mask", "tags"):
        np.testing.assert_allclose(by_folder.probs[head][place], found.probs[head], atol=1e-6)


@pytest.mark.long
def test_a_resume_is_exact(tmp_path: Path) -> None:
    whole = _train(tmp_path / "whole", tmp_path / "images", *OWN)
    started = _train(tmp_path / "part", tmp_path / "images", *OWN, only_folds=[0])
    copy = copy_run(started, tmp_path / "copy")
    podium.resume("mine", only_folds=[0, 1], settings=make_settings(tmp_path / "copy"), progress=Silent())
    one, other = results_of(whole.folder.path), results_of(copy.folder.path)
    names = [name for name in one if "fold-" in name]
    assert names
    assert {name: one[name] for name in names} == {name: other[name] for name in names}


@pytest.mark.slow
def test_a_classifier_does_the_same(tmp_path: Path) -> None:
    images = [decode_file(tmp_path / name).pixels for name in draw_faces(tmp_path, 12)]
    labels = pd.DataFrame({"mask": ["ab"[row % 2] for row in range(12)], "age": ["xyz"[row % 3] for row in range(12)]})
    probs = []
    for lines in (("image.region=face", "image.regions.age=upper_face"), ("image.region=upper_face",)):
        model = podium.ImageClassifier(overrides=[*TINY, *SEPARATE, *lines]).fit(images, labels)
        probs.append(model.predict_proba(images))
    np.testing.assert_allclose(probs[0][1], probs[1][1], atol=1e-6)
    assert np.abs(probs[0][0] - probs[1][0]).max() > 1e-4


@pytest.mark.slow
def test_regions_of_heads_need_models_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"use model\.arrangement=separate"):
        make_recipe("image.regions.age=face", "image.detect=[centre]")
    with pytest.raises(UnknownNameError, match="agge"):
        _train(tmp_path, tmp_path / "images", *SEPARATE, "image.regions.agge=face")
