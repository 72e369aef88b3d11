"""Heads of cosines through the doors: a run, its predictor, the estimator, refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import podium
from podium.errors import PodiumError, RecipeError
from podium.models import CosineLayer, Gem
from podium.tables import Samples, load_predictions
from tiny.contest import TINY, make_recipe, make_settings

Contest = Callable[[str], Samples]
ARCFACE = "model.layer={kind: arcface, centres: 2, scale: 12, least_margin: 0.1}"


@pytest.mark.parametrize(
    ("task", "preset", "lines", "n_layers"),
    [
        ("attributes", "baseline", (ARCFACE,), 1),
        ("single", "finetune", (ARCFACE, "model.pooling=gem", "mixing=mixup", "predict_views=[plain]"), 1),
        pytest.param("attributes", "finetune", (ARCFACE, "model.arrangement=joint"), 1, marks=pytest.mark.slow),
    ],
)
def test_a_run_predicts_by_cosines(
    task: str, preset: str, lines: tuple[str, ...], n_layers: int, contest: Contest, tmp_path: Path
) -> None:
    recipe = make_recipe(*lines, preset=preset)
    run = podium.train(contest(task), recipe=recipe, folds=2, settings=make_settings(tmp_path))
    predictor, rows = run.predictor(), run.folds.valid_rows(0).tolist()
    images = [Image.open(run.samples.file(row)) for row in rows]
    found = predictor.predict(images, ids=run.samples.ids[rows].tolist(), folds=[0])
    oof = load_predictions(run.folder.predictions_file("oof", 0)).align(found.ids)
    for name, values in found.probs.items():
        np.testing.assert_allclose(values, oof.probs[name], atol=3e-4)  # cosines times a scale
    modules = [layer for name in predictor.models for layer in predictor.model(0, name).modules()]
    assert sum(isinstance(layer, CosineLayer) for layer in modules) == n_layers
    assert any(isinstance(layer, Gem) for layer in modules) == ("model.pooling=gem" in lines)


@pytest.mark.slow
def test_a_head_of_its_own(contest: Contest, tmp_path: Path) -> None:
    samples = contest("attributes")
    assert samples.task is not None
    [single] = [head.name for head in samples.task.heads if head.kind == "single"]
    several = next(head.name for head in samples.task.heads if head.kind == "multi")

    def train(line: str) -> podium.Run:
        recipe = make_recipe(line, preset="baseline")
        return podium.train(samples, recipe=recipe, folds=2, only_folds=[0], settings=make_settings(tmp_path))

    model = train(f"model.layers={{{single}: {{kind: arcface}}}}").predictor().model(0, "all")
    assert [layer.scale for layer in model.modules() if isinstance(layer, CosineLayer)] == [30]
    with pytest.raises(PodiumError, match=f"{several}.*has several labels per image, and arcface is for one class"):
        train(f"model.layers={{{several}: {{kind: arcface}}}}")
    with pytest.raises(PodiumError, match="unknown head 'nobody'"):
        train("model.layers={nobody: {kind: arcface}}")
    with pytest.raises(RecipeError, match="a layer of its own for every target"):
        podium.train(
            samples,
            recipe=make_recipe("model.layer.kind=arcface", f"model.layers={{{single}: {{kind: linear}}}}"),
            folds=2,
            settings=make_settings(tmp_path),
        )


def test_the_classifier_has_cosines() -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(12)]
    model = podium.ImageClassifier("baseline", overrides=[*TINY, ARCFACE], device="cpu")
    probs = model.fit(images, ["abc"[row % 3] for row in range(12)]).predict_proba(images)
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-6)
    # Two cosines differ by 2 at most, so no class is exp(2 scale) times as likely as another.
    assert np.log(probs.max() / probs.min()) <= 2 * 12


def test_without_a_head_for_it_it_is_refused_before_an_image_is_read(contest: Contest, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"model\.layer=.*no head of one class per image"):
        podium.train(contest("multi"), recipe=make_recipe(ARCFACE), folds=2, settings=make_settings(tmp_path))
    assert not list(tmp_path.rglob("*.npy"))


@pytest.mark.parametrize(
    ("preset", "lines", "words"),
    [
        ("finetune", (ARCFACE, "model.head_start=probe"), "which have no class centres"),
        ("baseline", ("head.kind=auto", ARCFACE), r"model\.layer=.*has no effect with head\.kind=auto"),
        ("finetune", ("model.layer={kind: arcface, margin: 0.2, least_margin: 0.3}",), "expected least_margin below"),
        ("finetune", ("model.layer.margin=0.3",), "model.layer.kind=arcface before it"),
        ("baseline", ("features.depths=[1]", "model.pooling=gem"), "model.pooling=gem has no effect"),
    ],
)
def test_what_would_mean_nothing_is_refused(preset: str, lines: tuple[str, ...], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        make_recipe(*lines, preset=preset)
