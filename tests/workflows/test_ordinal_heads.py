"""Cumulative probabilities of ordered classes through the doors: a run, its predictor, the estimator, refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import podium
from podium.errors import RecipeError
from podium.models import CumulativeLink
from podium.tables import Samples, load_predictions
from tiny.contest import TINY, make_recipe, make_settings

Contest = Callable[[str], Samples]
CUMULATIVE = "model.ordinal=cumulative"


@pytest.mark.long
@pytest.mark.parametrize(
    ("preset", "lines"),
    [
        ("baseline", ()),
        ("finetune", ("predict_views=[plain]",)),
        pytest.param("baseline", ("model.arrangement=separate",), marks=pytest.mark.slow),
    ],
)
def test_a_run_predicts_by_thresholds(preset: str, lines: tuple[str, ...], contest: Contest, tmp_path: Path) -> None:
    recipe = make_recipe(CUMULATIVE, *lines, preset=preset)
    run = podium.train(contest("attributes"), recipe=recipe, folds=2, settings=make_settings(tmp_path))
    predictor, rows = run.predictor(), run.folds.valid_rows(0).tolist()
    images = [Image.open(run.samples.file(row)) for row in rows]
    found = predictor.predict(images, ids=run.samples.ids[rows].tolist(), folds=[0])
    oof = load_predictions(run.folder.predictions_file("oof", 0)).align(found.ids)
    for name, values in found.probs.items():
        np.testing.assert_allclose(values, oof.probs[name], atol=1e-5)
        if name != "tags":
            np.testing.assert_allclose(values.sum(axis=1), 1, atol=1e-6)
    links = [layer for name in predictor.models for layer in predictor.model(0, name).modules()]
    assert sum(isinstance(layer, CumulativeLink) for layer in links) == 1


def test_the_classifier_takes_numbers_as_ordered() -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(12)]

    def make(*lines: str) -> podium.ImageClassifier:
        return podium.ImageClassifier("baseline", overrides=[*TINY, *lines], device="cpu")

    model = make(CUMULATIVE).fit(images, np.arange(12) % 3)
    np.testing.assert_allclose(model.predict_proba(images).sum(axis=1), 1, atol=1e-6)
    assert any("steps" in name for name in model._weights["all"])
    with pytest.raises(RecipeError, match=r"has no effect with no head of ordered classes.*labels that are numbers"):
        make(CUMULATIVE).fit(images, ["abc"[row % 3] for row in range(12)])


def test_without_ordered_classes_it_is_refused_before_an_image_is_read(contest: Contest, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no head of ordered classes"):
        podium.train(contest("single"), recipe=make_recipe(CUMULATIVE), folds=2, settings=make_settings(tmp_path))
    joint = make_recipe(CUMULATIVE, "model.arrangement=joint")
    with pytest.raises(RecipeError, match="no head of ordered classes"):
        podium.train(contest("attributes"), recipe=joint, folds=2, settings=make_settings(tmp_path))
    assert not list(tmp_path.rglob("*.npy"))


def test_linear_heads_are_no_start_for_thresholds() -> None:
    with pytest.raises(RecipeError, match=r"solves linear heads, which have no thresholds"):
        make_recipe(CUMULATIVE, "model.head_start=probe", preset="finetune")
