"""Soft labels and weights reach the loss, in every kind of inputs and task, and no score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import podium
from podium.errors import LabelError
from podium.tables import Samples
from podium.tables.soft_labels import one_hot
from tiny.contest import make_recipe, make_settings

Contest = Callable[[str], Samples]
FROZEN = ("feature_views=[plain]", "predict_views=[plain]")
WHOLE = ("model.freeze=none", "predict_views=[plain]")
BLOCKS = ("model.freeze=blocks", "model.frozen_blocks=1", "model.cached_views=1", "predict_views=[plain]")
PARTS = {"frozen": FROZEN, "whole": WHOLE, "blocks": BLOCKS, "pieces": (*WHOLE, "training.micro_batch=3")}


def probs_of(samples: Samples, folder: Path, *lines: str) -> dict[str, np.ndarray]:
    options = podium.FoldOptions(folds=2)
    recipe = make_recipe(*lines)
    run = podium.train(samples, recipe=recipe, folds=options, only_folds=[0], settings=make_settings(folder))
    assert run.scores is not None
    return {name: np.array(values) for name, values in run.oof.probs.items()}


@pytest.fixture(autouse=True)
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(podium.Run, "report", lambda run: run.folder.report_file)


@pytest.mark.long
@pytest.mark.parametrize("parts", PARTS)
def test_the_same_weight_for_all_changes_nothing_and_others_do(contest: Contest, parts: str, tmp_path: Path) -> None:
    samples, lines = contest("attributes"), PARTS[parts]
    plain = probs_of(samples, tmp_path, *lines)
    same = probs_of(replace(samples, weight=np.full(len(samples), 0.2)), tmp_path, *lines)
    other = probs_of(replace(samples, weight=np.linspace(0.1, 5, len(samples))), tmp_path, *lines)
    for name, values in plain.items():
        np.testing.assert_allclose(same[name], values, atol=2e-5)
    assert any(np.abs(other[name] - values).max() > 1e-4 for name, values in plain.items())


@pytest.mark.long
@pytest.mark.parametrize("parts", ["frozen", "whole"])
def test_shares_of_certain_votes_train_as_the_labels_do(contest: Contest, parts: str, tmp_path: Path) -> None:
    samples, lines = contest("attributes"), PARTS[parts]
    assert samples.task is not None
    certain = {head.name: one_hot(head, samples.labels[head.name]) for head in samples.task.heads}
    plain = probs_of(samples, tmp_path, *lines)
    same = probs_of(replace(samples, soft=certain), tmp_path, *lines)
    for name, values in plain.items():
        np.testing.assert_allclose(same[name], values, atol=2e-5)


@pytest.mark.long
@pytest.mark.parametrize("arrangement", ["shared", "joint", "separate"])
def test_split_votes_make_a_model_less_sure(contest: Contest, arrangement: str, tmp_path: Path) -> None:
    samples = contest("attributes")
    lines = (*FROZEN, f"model.arrangement={arrangement}", "training.epochs=20", "optimizer.lr=0.01")
    split = np.array([[0.6, 0.4], [0.4, 0.6]])[samples.labels["mask"]]
    plain = probs_of(samples, tmp_path, *lines)["mask"]
    softer = probs_of(replace(samples, soft={"mask": split}), tmp_path, *lines)["mask"]
    assert softer.max(axis=1).mean() < plain.max(axis=1).mean() - 0.05


@pytest.mark.slow
def test_a_table_of_votes_and_weights_trains_from_the_command_line_s_options(tmp_path: Path, contest: Contest) -> None:
    root = contest("single").root
    rows = [f"{row:02d}.png,{3 - row % 2 * 2},{1 + row % 2},{1 + row % 3}" for row in range(36)]
    (tmp_path / "votes.csv").write_text("image,worn,none,weight\n" + "\n".join(rows))
    options = podium.ScanOptions(
        labels=tmp_path / "votes.csv", label_kind="votes", label_columns=("worn", "none"), weight_column="weight"
    )
    settings = make_settings(tmp_path)
    run = podium.train(
        root, options=options, recipe=make_recipe(), folds=podium.FoldOptions(folds=2), settings=settings
    )
    kept = podium.load_run(run.name, runs=settings.runs).samples
    assert kept.weight is not None
    assert kept.weight.tolist()[:3] == [1, 2, 3]
    np.testing.assert_allclose(kept.soft["label"][:2], [[0.75, 0.25], [1 / 3, 2 / 3]])
    assert kept.labels["label"].tolist()[:2] == [0, 1]


@pytest.mark.slow
def test_a_fold_whose_training_images_weigh_nothing_is_refused(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    folds = podium.FoldOptions(folds=2)
    fold = podium.train(samples, recipe=make_recipe(), folds=folds, settings=make_settings(tmp_path)).folds
    weight = np.zeros(len(samples))
    weight[fold.valid_rows(0)[0]] = 1
    with pytest.raises(LabelError, match="all have weight 0"):
        podium.train(
            replace(samples, weight=weight), recipe=make_recipe(), folds=folds, settings=make_settings(tmp_path)
        )


LINES = ["model.name=tiny", "model.weights=random", "image.size_px=32", "head.kind=gradient"]
LINES += ["training.epochs=40", "optimizer.lr=0.05"]


@pytest.mark.slow
def test_the_classifier_takes_weights_in_scikit_learn_s_words(contest: Contest) -> None:
    samples = contest("single")
    images, labels = [samples.file(row) for row in range(36)], np.arange(36) // 3 % 2

    def fit(weight: object) -> np.ndarray:
        model = podium.ImageClassifier(overrides=LINES)
        return np.asarray(model.fit(images, labels, sample_weight=weight).predict_proba(images))

    plain = fit(None)
    np.testing.assert_allclose(fit(np.full(36, 7)), plain, atol=1e-3)
    assert fit(np.where(labels, 20.0, 1.0))[:, 1].mean() > plain[:, 1].mean() + 0.05
    for wrong, words in ((np.ones(3), "shape"), (-np.ones(36), "weight of row 0"), (np.zeros(36), "all 0")):
        with pytest.raises(LabelError, match=words):
            fit(wrong)
