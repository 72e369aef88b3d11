"""From samples to scores in all three task shapes: what a run folder holds is right, whole and honest."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import podium
from podium.dataset import FoldOptions
from podium.errors import SplitError, UnknownNameError, UsageError
from podium.metrics import score_folds, score_predictions
from podium.store import read_epochs
from podium.tables import HOLDOUT, Samples, load_predictions
from podium.workflows import Run, train
from tiny.contest import N, check_folds, make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]
FULL = ("model.freeze=none", "predict_views=[plain, hflip]")
CASES = [
    ("single", "shared", True),
    ("single", "shared", False),
    ("multi", "shared", True),
    ("multi", "shared", False),
    *[
        ("attributes", arrangement, frozen)
        for arrangement in ("joint", "shared", "separate")
        for frozen in (True, False)
    ],
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(map(str, case)))
def run(request: pytest.FixtureRequest, contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of every shape, arrangement and depth of training."""
    shape, arrangement, is_frozen = request.param
    lines = [f"model.arrangement={arrangement}", *(() if is_frozen else FULL)]
    settings = make_settings(tmp_path_factory.mktemp("run"))
    return train(contest(shape), recipe=make_recipe(*lines), folds=3, settings=settings)


@pytest.mark.slow
def test_every_sample_is_predicted_once_by_a_model_that_did_not_see_it(run: Run) -> None:
    oof, folds, samples = run.oof, run.folds.match(run.samples), run.samples
    assert sorted(oof.ids.tolist()) == sorted(samples.ids.tolist())
    assert oof.align(samples.ids).fold.tolist() == folds.fold.tolist()
    check_folds(folds, samples)
    assert list(oof.probs) == [head.name for head in samples.task.targets]  # type: ignore[union-attr]


@pytest.mark.slow
def test_the_scores_are_those_of_the_out_of_fold_predictions(run: Run) -> None:
    again = score_predictions(run.oof, run.samples)
    folds = score_folds(run.oof, run.samples, again.main_metric)
    assert run.scores.to_dict() == replace(again, folds=folds, expected=run.scores.expected).to_dict()


def test_each_folds_model_gives_its_out_of_fold_rows_again(run: Run, contest: Contest) -> None:
    """Predicted as new images, by weights read from disk, the valid rows of a fold get the same probabilities."""
    samples = replace(run.samples, task=None, labels={})
    run.predict(samples, name="again")
    for fold in range(3):
        oof = load_predictions(run.folder.predictions_file("oof", fold))
        again = load_predictions(run.folder.predictions_file("again", fold))
        assert again.ids.tolist() == samples.ids.tolist()
        assert set(again.fold) == {fold}
        for name, values in again.align(oof.ids).probs.items():
            np.testing.assert_allclose(values, oof.probs[name], rtol=1e-4, atol=1e-6)


def test_results_hold_every_epoch_of_every_part(run: Run) -> None:
    with run.folder.results_file.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    epochs = read_epochs(run.folder)
    assert [(row["fold"], row["model"], row["epoch"]) for row in rows] == [
        (str(item.fold), item.model, str(item.epoch)) for item in epochs
    ]
    parts = {item.model for item in epochs}
    assert len(epochs) == 3 * len(parts) * 2
    assert all(np.isfinite(item.train_loss) and item.scores for item in epochs)


def test_nothing_is_left_over(run: Run) -> None:
    assert not list(run.folder.path.rglob("checkpoints"))
    assert not list(run.folder.path.rglob("*.tmp"))
    assert run.folder.report_file.stat().st_size > 1000


@pytest.mark.long
def test_the_same_recipe_gives_the_same_bytes(contest: Contest, tmp_path: Path) -> None:
    lines = ("model.freeze=none", "training.ema_decay=0.9", "model.drop_rate=0.2")
    first, second = (
        train(contest("attributes"), recipe=make_recipe(*lines), folds=3, settings=make_settings(tmp_path / name))
        for name in ("one", "two")
    )
    assert results_of(first.folder.path) == results_of(second.folder.path)
    other = train(contest("attributes"), recipe=make_recipe(*lines), seed=1, folds=3, settings=make_settings(tmp_path))
    assert results_of(other.folder.path)["scores.json"] != results_of(first.folder.path)["scores.json"]


@pytest.mark.slow
def test_the_finetune_preset_runs_on_the_tiny_model(contest: Contest, tmp_path: Path) -> None:
    recipe = make_recipe("image.stored_px=40", preset="finetune")
    run = train(contest("single"), recipe=recipe, folds=2, settings=make_settings(tmp_path))
    assert len(run.oof) == N


@pytest.mark.slow
def test_the_best_epoch_can_be_chosen_and_patience_ends_early(contest: Contest, tmp_path: Path) -> None:
    recipe = make_recipe("training.epochs=30", "training.patience=2")
    run = train(contest("single"), recipe=recipe, folds=2, settings=make_settings(tmp_path))
    for fold in range(2):
        epochs = [item for item in read_epochs(run.folder) if item.fold == fold]
        scores = [item.scores["mask"] for item in epochs]
        best = int(np.argmax(scores))
        assert len(epochs) in (best + 3, 30)
        # The weights of the best epoch predict: their out-of-fold rows have its score.
        oof = load_predictions(run.folder.predictions_file("oof", fold))
        if list(recipe.predict_views) == ["plain"]:
            assert score_predictions(oof, run.samples, n_resamples=0).main.value == pytest.approx(scores[best])


@pytest.mark.slow
def test_the_best_epoch_by_a_loss_is_that_of_the_smallest(contest: Contest, tmp_path: Path) -> None:
    lines = ("training.epochs=6", "training.select=best", "predict_views=[plain]", "optimizer.lr=0.3")
    run = train(
        contest("single"), recipe=make_recipe(*lines), metric="log_loss", folds=2, settings=make_settings(tmp_path)
    )
    for fold in range(2):
        losses = [item.scores["mask"] for item in read_epochs(run.folder) if item.fold == fold]
        assert max(losses) > 1.01 * min(losses)
        oof = load_predictions(run.folder.predictions_file("oof", fold))
        found = score_predictions(oof, run.samples, metric="log_loss", n_resamples=0).main.value
        assert found == pytest.approx(min(losses), rel=1e-4)


@pytest.mark.long
def test_some_folds_now_and_the_rest_later_give_the_whole(contest: Contest, tmp_path: Path) -> None:
    whole = train(contest("multi"), recipe=make_recipe(), folds=3, settings=make_settings(tmp_path / "whole"))
    settings = make_settings(tmp_path / "parts")
    some = train(contest("multi"), recipe=make_recipe(), folds=3, only_folds=[1], settings=settings)
    assert set(some.oof.fold) == {1}
    assert some.scores.main.value == pytest.approx(score_predictions(some.oof, some.samples).main.value)
    with pytest.raises(SplitError, match="no fold 3"):
        podium.resume("last", only_folds=[3], settings=settings)
    podium.resume("last", only_folds=[0, 2], settings=settings)
    assert results_of(some.folder.path) == results_of(whole.folder.path)


@pytest.mark.slow
def test_the_holdout_is_never_trained_on_or_judged(contest: Contest, tmp_path: Path) -> None:
    how = FoldOptions(folds=2, holdout_fraction=0.25)
    run = train(contest("single"), recipe=make_recipe(), folds=how, settings=make_settings(tmp_path))
    held = set(run.folds.ids[run.folds.fold == HOLDOUT])
    assert held
    assert not held & set(run.oof.ids)


def test_a_wrong_request_leaves_no_run(contest: Contest, tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    for changes, error in (({"metric": "f1_marco"}, UnknownNameError), ({"only_folds": [7]}, UsageError)):
        with pytest.raises(error):
            train(contest("single"), recipe=make_recipe(), folds=3, settings=settings, **changes)  # type: ignore[arg-type]
    assert not list(tmp_path.rglob("run.json"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "lines",
    [
        ("model.freeze=none", "training.batch_size=17"),
        ("model.freeze=none", "training.batch_size=18", "training.micro_batch=17"),
        ("model.freeze=blocks", "model.frozen_blocks=1", "model.cached_views=2", "training.batch_size=17"),
        ("model.freeze=backbone", "training.batch_size=17"),
    ],
)
def test_a_single_last_image_stops_no_model_whose_maps_are_one_pixel(
    contest: Contest, tmp_path: Path, lines: tuple[str, ...]
) -> None:
    # Each fold trains on 18 images, and three strides of 2 leave one pixel of 8.
    recipe = make_recipe("image.size_px=8", "image.stored_px=8", "predict_views=[plain]", *lines)
    run = train(contest("single"), recipe=recipe, folds=2, settings=make_settings(tmp_path))
    assert len(run.oof) == N
