"""T20: heads of a frozen backbone that are solved, through the whole path."""

from __future__ import annotations

import csv
import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import log_loss

import podium
from podium.callbacks import Callback, EpochInfo, TrainingInfo
from podium.errors import Stopped
from podium.linear import inner_folds
from podium.recipe import Recipe
from podium.tables import Samples, as_text_array
from podium.workflows.compose import compose_recipe
from podium.workflows.train_and_resume import resume, train
from tiny.contest import TINY, Notes, make_samples, make_settings, results_of

PLAIN = ("head.kind=auto", "feature_views=[plain,hflip]", "predict_views=[plain,hflip]")
GRADIENT = ("training.epochs", "training.batch_size", "head.kind")


def make_recipe(*lines: str) -> Recipe:
    """The baseline for the tiny model."""
    tiny = [line for line in TINY if not line.startswith(GRADIENT)]
    return compose_recipe("baseline", overrides=[*tiny, *lines])


def solve(samples: Samples, folder: Path, *lines: str, **more: object) -> podium.Run:
    recipe = make_recipe(*PLAIN, *lines)
    return train(samples, recipe=recipe, folds=2, name="mine", settings=make_settings(folder), **more)  # type: ignore[arg-type]


@pytest.mark.long
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
@pytest.mark.parametrize("arrangement", ["shared", "separate", "joint"])
def test_every_shape_of_task(shape: str, arrangement: str, tmp_path: Path) -> None:
    if shape != "attributes" and arrangement != "shared":
        pytest.skip("one target")
    samples = make_samples(tmp_path / "images", shape)
    assert samples.task is not None
    if arrangement == "joint" and any(head.is_multi for head in samples.task.heads):
        pytest.skip("several labels have no joint class")
    notes = Notes()
    lines = (f"model.arrangement={arrangement}",) if shape == "attributes" else ()
    run = solve(samples, tmp_path, *lines, progress=notes)
    said = [line for line in notes.notes if ", head: " in str(line)]
    about = [json.loads(path.read_text("utf-8")) for path in sorted(run.folder.path.glob("fold-*/*/model.json"))]
    assert len(said) == len(about)
    assert {name for record in about for name in record["heads"]} == {head.name for head in samples.task.heads}
    rows = (run.folder.path / "results.csv").read_text("utf-8").splitlines()
    assert len(rows) == 1 + len(about)
    page = (run.folder.path / "report.html").read_text("utf-8")
    assert "fold 0" in page
    assert "(inner " in page
    assert 'id="curves"' not in page
    predictions = run.predict(samples.root)
    assert all(np.isfinite(probs).all() for probs in predictions.probs.values())


@pytest.mark.long
def test_losses_and_scores_of_train_and_valid_images_are_recorded(tmp_path: Path) -> None:
    """The valid loss is scikit-learn's log loss of the out-of-fold probabilities."""
    samples = make_samples(tmp_path / "images", "single")
    run = solve(samples, tmp_path, "feature_views=[plain]", "predict_views=[plain]")
    assert samples.task is not None
    (head,) = samples.task.heads
    probs, oof = run.oof.probs[head.name], run.oof
    own = dict(zip(samples.ids, samples.labels[head.name], strict=True))
    labels, folds = np.array([own[id_] for id_ in oof.ids]), np.asarray(oof.fold)
    for row in csv.DictReader((run.folder.path / "results.csv").read_text("utf-8").splitlines()):
        is_own = folds == int(row["fold"])
        expected = log_loss(labels[is_own], probs[is_own], labels=range(head.n_classes))
        assert float(row["valid/loss"]) == pytest.approx(expected, rel=1e-3)
        assert float(row["train/plain_loss"]) == float(row["train/loss"])
        assert 0 <= float(row[f"train/{head.name}"]) <= 1
    assert "; loss: train " in (run.folder.path / "report.html").read_text("utf-8")


@pytest.mark.long
def test_the_recipe_of_a_run_gives_the_same_run_again(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", "single")
    first = solve(samples, tmp_path / "a")
    recipe = compose_recipe(recipe=first.folder.recipe_file)
    assert recipe.is_solved
    again = train(samples, recipe=recipe, folds=2, name="mine", settings=make_settings(tmp_path / "b"))
    assert results_of(again.folder.path) == results_of(first.folder.path)


@pytest.mark.slow
def test_labels_of_the_valid_fold_are_not_looked_at(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", "single")
    head = samples.task.heads[0].name  # type: ignore[union-attr]
    fold = np.unique(samples.group_keys, return_inverse=True)[1] % 2
    samples = replace(samples, fold=as_text_array([str(number) for number in fold]))
    labels = samples.labels[head].copy()
    labels[fold == 0] = np.random.default_rng(1).permutation(labels[fold == 0])
    weights = []
    for place, table in enumerate((samples, replace(samples, labels={head: labels}))):
        settings = make_settings(tmp_path / str(place))
        run = train(table, recipe=make_recipe(*PLAIN), only_folds=[0], name="r", settings=settings)
        weights.append((run.folder.path / "fold-0" / "all" / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]


@pytest.mark.long
def test_a_stop_between_candidates_and_a_resume_give_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = make_samples(tmp_path / "images", "attributes")
    whole = results_of(solve(samples, tmp_path / "a").folder.path)
    tried: list[str] = []
    note = inner_folds.InnerFolds.note

    def note_and_stop(self: inner_folds.InnerFolds, *given: object) -> float:
        tried.append(str(given[0]))
        if len(tried) == 9:
            signal.raise_signal(signal.SIGTERM)
        return note(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(inner_folds.InnerFolds, "note", note_and_stop)
    with pytest.raises(Stopped):
        solve(samples, tmp_path / "b")
    monkeypatch.undo()
    resume("mine", settings=make_settings(tmp_path / "b"))
    assert results_of(tmp_path / "b" / "runs" / "mine") == whole


@pytest.mark.long
def test_callbacks_see_one_epoch_without_steps(tmp_path: Path) -> None:
    seen: list[object] = []

    class Watch(Callback):
        def on_training_start(self, training: TrainingInfo) -> None:
            seen.append((training.n_epochs, training.n_steps))

        def on_step(self, *_: object) -> None:
            seen.append("step")

        def on_epoch(self, _: TrainingInfo, epoch: EpochInfo) -> None:
            seen.append(sorted(epoch.scores))

    solve(make_samples(tmp_path / "images", "single"), tmp_path, callbacks=[Watch()])
    name = make_samples(tmp_path / "again", "single").task.heads[0].name  # type: ignore[union-attr]
    assert seen == [(1, 0), [name]] * 2


@pytest.mark.slow
@pytest.mark.parametrize("labels", ["single", "multi", "outputs"])
def test_image_classifier(labels: str, draw: Callable[[], tuple[np.ndarray, np.ndarray]]) -> None:
    images, numbers = draw()
    columns = np.column_stack([numbers, numbers[::-1]])
    target = {"single": numbers, "multi": columns % 2, "outputs": columns + 2}[labels]
    lines = ["model.name=tiny", "model.weights=random", "image.size_px=16", "image.stored_px=16", *PLAIN]
    classifier = podium.ImageClassifier(overrides=lines, validation_fraction=0.25, device="cpu")
    classifier.fit(images, target)
    assert all(len(scores) == 1 for scores in classifier.validation_scores_.values())
    assert np.asarray(classifier.predict(images)).shape == target.shape
    chosen = podium.ImageClassifier(overrides=[*lines, "metric=accuracy"] if labels == "single" else lines)
    chosen.fit(images, target)


@pytest.fixture
def draw() -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    def make() -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(0)
        numbers = np.arange(24) % 2
        images = rng.integers(0, 256, (24, 20, 20, 3), dtype=np.uint8)
        images[numbers == 1] //= 3
        return images, numbers

    return make
