"""Models of wide and tall images, in all three task shapes: trained, resumed, predicted as squares are."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from podium import ImageClassifier, durable
from podium.data import open_cache
from podium.images import decode_file, resize_to
from podium.recipe import load_recipe
from podium.tables import Samples, load_predictions
from podium.training.probabilities import probs_from_logits
from podium.workflows import Run, resume, train
from tiny.contest import TINY, make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]
WHOLE = ("model.freeze=none", "predict_views=[plain,rot90,bottom-right-0.8]")
FREEZE = ("model.freeze=blocks", "model.frozen_blocks=1", "model.cached_views=2")
BLOCKS = (*FREEZE, "predict_views=[plain,hflip+center-0.8]")
EVERYTHING = (
    "augmentations=[{kind: random_resized_crop, scale: [0.5, 1]}, {kind: rotate90}, {kind: vertical_flip},"
    " {kind: random_shift}, {kind: centre_crop}, {kind: rotate}, {kind: color_jitter}, {kind: grayscale},"
    " {kind: random_erasing}]"
)


@dataclass(frozen=True)
class Case:
    """A task shape, recipe lines, and height and width of the model's images and of the stored ones."""

    shape: str
    lines: tuple[str, ...]
    sides: tuple[int, int]
    stored: tuple[int, int]


def _sizes(case: Case) -> tuple[str, str]:
    return f"image.size_px={list(case.sides)}", f"image.stored_px={list(case.stored)}"


FROZEN = ("feature_views=[plain,hflip,hflip+top-left-0.8]", "predict_views=[plain,hflip+top-left-0.8]")
CASES = {
    "single, frozen, tall": Case("single", FROZEN, (48, 24), (48, 24)),
    "multi, frozen, wide": Case("multi", (), (24, 40), (24, 40)),
    "attributes, frozen, wide": Case("attributes", ("model.arrangement=separate",), (24, 40), (30, 44)),
    "single, whole, wide": Case("single", (*WHOLE, EVERYTHING), (24, 40), (28, 46)),
    "multi, on the device, tall": Case("multi", (*WHOLE, EVERYTHING, "training.augment_on=device"), (40, 24), (46, 28)),
    "attributes, whole, tall from a square": Case("attributes", (*WHOLE, EVERYTHING), (40, 24), (36, 36)),
    "single, blocks, tall": Case("single", (*BLOCKS, EVERYTHING), (40, 24), (46, 28)),
    "multi, blocks, wide": Case("multi", (*BLOCKS, EVERYTHING), (24, 40), (28, 46)),
    "attributes, blocks, tall": Case("attributes", (*BLOCKS, EVERYTHING), (48, 24), (48, 24)),
}


QUICK = ("single, frozen, tall", "multi, on the device, tall", "attributes, whole, tall from a square")
"""One a task shape and a way to train."""


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in CASES]
)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(scope="module")
def run(case: Case, contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    recipe = make_recipe(*case.lines, *_sizes(case))
    settings = make_settings(tmp_path_factory.mktemp("run"))
    return train(contest(case.shape), recipe=recipe, folds=2, settings=settings)


def _photos(run: Run, rows: list[int]) -> list[NDArray[np.uint8]]:
    pixels = [decode_file(run.samples.file(row)).pixels for row in rows]
    return [image for image in pixels if image is not None]


@pytest.mark.slow
def test_images_are_stored_and_recorded_at_their_height_and_width(run: Run, case: Case) -> None:
    image = load_recipe(run.folder.recipe_file).image
    assert (image.sides, image.stored_sides) == (case.sides, case.stored)
    cache = open_cache(run.settings.cache_folder / run.folder.read()["cache_key"])
    assert cache.pixels.shape == (len(run.samples), *case.stored, 3)
    for photo, row in zip(_photos(run, [0, 5]), cache.rows_of(run.samples.ids[[0, 5]]), strict=True):
        assert np.array_equal(cache.pixels[row], resize_to(photo, *case.stored))


@pytest.mark.slow
def test_the_network_is_fed_images_of_that_size(run: Run, case: Case) -> None:
    """Plain view, by hand: the stored image resized, through the network, is what was predicted out of fold."""
    predictor = run.predictor()
    rows = run.folds.valid_rows(1).tolist()
    found = predictor.predict(_photos(run, rows), folds=[1], views=["plain"])
    stored = predictor.store(_photos(run, rows)).pixels
    assert stored.shape[1:3] == case.stored
    # Bilinear, as evaluation reads an image that shrinks by less than 1.5.
    images = np.stack([cv2.resize(image, case.sides[::-1], interpolation=cv2.INTER_LINEAR) for image in stored])
    for name, task in predictor.models.items():
        with torch.inference_mode():
            logits = predictor.network(1, name)(torch.from_numpy(images))
        by_hand = probs_from_logits({head: values.numpy() for head, values in logits.items()}, task)
        for head, values in by_hand.items():
            np.testing.assert_allclose(found.probs[head], values, atol=1e-5)


def test_valid_images_are_predicted_again_as_they_were_out_of_fold(run: Run) -> None:
    run.predict(replace(run.samples, task=None, labels={}), name="again")
    for fold in range(2):
        oof = load_predictions(run.folder.predictions_file("oof", fold))
        again = load_predictions(run.folder.predictions_file("again", fold)).align(oof.ids)
        for name, values in again.probs.items():
            np.testing.assert_allclose(values, oof.probs[name], atol=2e-3, err_msg=name)  # float16 block outputs


@pytest.mark.slow
def test_a_fold_and_a_cache_that_are_gone_are_made_again_with_the_same_bytes(run: Run, case: Case) -> None:
    before = {name: value for name, value in results_of(run.folder.path).items() if "again" not in name}
    durable.remove_tree(run.settings.cache_folder)
    durable.remove_tree(run.folder.path / "fold-1")
    run.folder.predictions_file("oof", 1).unlink()
    resume(run.name, settings=run.settings, recipe=make_recipe(*case.lines, *_sizes(case)))
    after = results_of(run.folder.path)
    assert {name: after[name] for name in before} == before


@pytest.mark.long
@pytest.mark.parametrize(("name", "size"), [("test_resnet", "[96,64]"), ("test_vit", "[48,80]")])
def test_networks_of_timm_are_trained_on_rectangles(name: str, size: str, contest: Contest, tmp_path: Path) -> None:
    """A convolutional network and a vision transformer: frozen, in cached blocks, whole; each fold predicts again."""
    model = (f"model.name={name}", f"image.size_px={size}", "image.stored_px=[64,64]", "training.epochs=1")
    n_views = int(name == "test_resnet")  # a vision transformer cannot be split after its frozen blocks
    for lines in ((), (*FREEZE, f"model.cached_views={n_views}"), ("model.freeze=none", "predict_views=[rot90]")):
        run = train(
            contest("multi"), recipe=make_recipe(*model, *lines), folds=2, settings=make_settings(tmp_path), name="one"
        )
        rows = run.folds.valid_rows(0).tolist()
        found = run.predictor().predict(_photos(run, rows), ids=run.samples.ids[rows].tolist(), folds=[0])
        oof = load_predictions(run.folder.predictions_file("oof", 0)).align(found.ids)
        np.testing.assert_allclose(found.probs["tags"], oof.probs["tags"], atol=5e-3)
        durable.remove_tree(run.folder.path)


@pytest.mark.long
def test_a_square_written_as_height_and_width_is_the_same_run(contest: Contest, tmp_path: Path) -> None:
    results = []
    for number, size in enumerate(("32", "[32, 32]")):
        settings = make_settings(tmp_path / str(number))
        recipe = make_recipe(*WHOLE, EVERYTHING, f"image.size_px={size}")
        results.append(results_of(train(contest("single"), recipe=recipe, folds=2, settings=settings).folder.path))
    assert results[0] == results[1]


@pytest.mark.slow
def test_the_classifier_for_scikit_learn_takes_rectangles() -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 30, 20, 3), dtype=np.uint8)
    images[::2, ..., 0] //= 4
    for lines in (("feature_views=[plain]", "predict_views=[plain]"), ("model.freeze=none", "predict_views=[rot90]")):
        found = []
        for size in ("[24,16]", "[16,24]"):
            model = ImageClassifier(overrides=[*TINY, *lines, f"image.size_px={size}", "image.stored_px=[30,20]"])
            found.append(model.fit(images, np.arange(12) % 2).predict_proba(images))
            assert list(model.recipe_.image.sides) == json.loads(size)
        assert found[0].shape == found[1].shape == (12, 2)
        assert not np.allclose(*found, atol=1e-5)
