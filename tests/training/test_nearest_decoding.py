"""Trained heads answered by training images: what is remembered, what never is, and how sure the answers are."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

import podium
from podium import durable
from podium.errors import RecipeError, UsageError
from podium.recipe import apply_overrides, baseline
from podium.report import make_report
from podium.tables import Samples
from podium.training.nearest_decoding import match_confidence
from podium.training.predictor import open_predictor
from podium.workflows import Run, train
from tiny.contest import make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]
WHOLE = ("model.freeze=none", "predict_views=[plain]", "optimizer.lr=0.02")


def run_of(samples: Samples, folder: Path, *lines: str, name: str = "r") -> Run:
    settings = make_settings(folder)
    return train(samples, recipe=make_recipe(*WHOLE, *lines), folds=2, name=name, settings=settings)


@pytest.mark.long
@pytest.mark.parametrize(
    ("shape", "more"),
    [
        ("attributes", "model.arrangement=separate"),
        pytest.param("single", "model.layer.kind=arcface", marks=pytest.mark.slow),
        pytest.param("single", "model.freeze=backbone", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("kind", ["2", "prototypes"])
def test_images_of_the_training_part_answer(shape: str, more: str, kind: str, contest: Contest, tmp_path: Path) -> None:
    """Against a loop over the embeddings that the trained network gives the training images."""
    samples = contest(shape)
    lines = (more,) if more != "model.freeze=backbone" else ("model.freeze=backbone", "feature_views=[plain]")
    run = run_of(samples, tmp_path, *lines, f"model.nearest={kind}")
    plain = run_of(samples, tmp_path, *lines, name="plain")
    target = "mask"
    folder = next(path for path in run.folder.path.glob("fold-0/*") if path.name in ("all", "mask"))
    kept = podium.tables.load_predictions(folder / "plain_heads.parquet")
    np.testing.assert_array_equal(kept.probs[target], plain.oof.align(kept.ids).probs[target])
    if more != "model.freeze=backbone":
        predictor = open_predictor(run.folder, make_settings(tmp_path))
        model = predictor.model(0, folder.name)
        train_rows, valid = run.folds.train_rows(0), run.folds.valid_rows(0)
        stored = [
            predictor.store([samples.file(int(row)) for row in rows], ids=samples.ids[rows].tolist()).pixels
            for rows in (train_rows, valid)
        ]
        with torch.no_grad():
            seen, new = (functional.normalize(model.features(torch.from_numpy(it.copy())), dim=1) for it in stored)
        labels, scores = samples.target_labels(target)[train_rows], []
        for label in (0, 1):
            own = seen[labels == label]
            if kind == "prototypes":
                scores.append(new @ functional.normalize(own.mean(dim=0), dim=0))
            else:
                scores.append((new @ own.T).topk(2, dim=1).values.mean(dim=1))
        answers = torch.stack(scores, dim=1).argmax(dim=1).numpy()
        found = run.oof.align(samples.ids[valid]).probs[target]
        is_clear = np.abs(found[:, 0] - found[:, 1]) > 1e-3
        np.testing.assert_array_equal(found.argmax(axis=1)[is_clear], answers[is_clear])
    said = durable.read_json(run.folder.scores_file)["nearest"]
    assert said["verdict"] in ("helps", "hurts", "cannot tell")
    assert "against the heads alone" in make_report(run.folder).read_text(encoding="utf-8")
    before = results_of(run.folder.path)
    shutil.rmtree(folder)
    for path in run.folder.path.glob("predictions/*"):
        path.unlink()
    again = podium.resume("r", settings=make_settings(tmp_path))
    assert results_of(again.folder.path) == before
    again.refit()
    assert len(again.predict(samples.root, name="new", models="refit"))


def test_answers_are_as_sure_as_wanted() -> None:
    scores = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)) / 9
    for wanted in (0.4, 0.8, 0.97):
        sure = (match_confidence(scores, wanted) * scores.double()).softmax(dim=1).amax(dim=1).mean()
        assert float(sure) == pytest.approx(wanted, abs=1e-6)


def test_a_classifier_answers_by_its_images() -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    made = []
    for lines in ((), ("model.nearest=1",)):
        overrides = [*make_lines(), *lines]
        model = podium.ImageClassifier(preset="finetune", overrides=overrides, device="cpu").fit(images, [0, 1] * 10)
        made.append(model.predict_proba(images))
    assert not np.allclose(*made)
    assert (made[1].argmax(axis=1) == np.arange(20) % 2).all()  # each is its own nearest image


def make_lines() -> list[str]:
    size = ("model.name=tiny", "model.weights=random", "image.size_px=32", "image.stored_px=32")
    return [*size, "model.freeze=none", "training.epochs=1", "predict_views=[plain]", "augmentations=none"]


def test_what_has_nothing_to_answer_is_refused(contest: Contest, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no head of one class per image"):
        run_of(contest("multi"), tmp_path, "model.nearest=1")
    with pytest.raises(RecipeError, match=r"no effect with head\.kind"):
        apply_overrides(baseline(), ["model.nearest=1"])
