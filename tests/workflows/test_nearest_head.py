"""A head of nearest neighbours through the doors: a run, its predictor, the estimator, refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import podium
from podium.errors import RecipeError
from podium.linear import NearestLayer
from podium.tables import Samples, load_predictions
from tiny.contest import TINY, make_settings

Contest = Callable[[str], Samples]
TRAINED = ("training.epochs", "training.batch_size")


def make_nearest(*lines: str) -> podium.Recipe:
    return podium.recipe.apply_overrides(
        podium.recipe.find_preset("baseline"),
        [*(line for line in TINY if not line.startswith(TRAINED)), "head.kind=nearest", *lines],
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "lines"),
    [("attributes", ()), ("single", ("head.neighbours=prototypes",)), ("multi", ("head.neighbours=2",))],
)
def test_a_run_predicts_by_its_own_training_images(
    task: str, lines: tuple[str, ...], contest: Contest, tmp_path: Path
) -> None:
    run = podium.train(contest(task), recipe=make_nearest(*lines), folds=2, settings=make_settings(tmp_path))
    predictor, rows = run.predictor(), run.folds.valid_rows(0).tolist()
    images = [Image.open(run.samples.file(row)) for row in rows]
    found = predictor.predict(images, ids=run.samples.ids[rows].tolist(), folds=[0])
    oof = load_predictions(run.folder.predictions_file("oof", 0)).align(found.ids)
    for name, values in found.probs.items():
        np.testing.assert_allclose(values, oof.probs[name], atol=1e-4)
    layers = [layer for layer in predictor.model(0, "all").modules() if isinstance(layer, NearestLayer)]
    n_train = len(run.folds.train_rows(0))
    for layer in layers:
        assert 0 < len(layer.rows) <= n_train * len(predictor.recipe.feature_views)


def test_the_classifier_finds_its_own_images() -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(12)]
    labels = np.array(["abc"[row % 3] for row in range(12)])
    lines = [line for line in TINY if not line.startswith(TRAINED)]
    overrides = [*lines, "head.kind=nearest", "head.neighbours=1", "head.temperature=0.1"]
    model = podium.ImageClassifier("baseline", overrides=overrides, device="cpu").fit(images, labels)
    assert (model.predict(images) == labels).all()


def test_what_it_does_not_use_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"class_weights=balanced has no effect with head\.kind"):
        make_nearest("loss.single.class_weights=balanced")
