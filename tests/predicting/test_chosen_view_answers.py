"""Out-of-fold predictions under chosen views: each fold by the choice without it, and what ensembles make of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import podium
from podium import durable
from podium.data import open_cache
from podium.dataset import FoldOptions
from podium.predicting.chosen_view_answers import chosen_view_answers
from podium.predicting.predict_views import predict_views
from podium.store import ChosenViews, find_stale, load_tables, read_ensemble
from podium.tables import Samples
from podium.training.predictor import open_predictor
from podium.workflows import Run, train
from tiny.contest import TASKS, Notes, make_recipe, make_settings

Contest = Callable[[str], Samples]
LINES = ("model.freeze=none", "predict_views=[plain]", "training.epochs=1")
NESTED = {0: ["plain"], 1: ["plain", "hflip"]}


@pytest.fixture(scope="module", params=TASKS)
def run(request: pytest.FixtureRequest, contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    settings = make_settings(tmp_path_factory.mktemp("run"))
    first = train(contest(request.param), recipe=make_recipe(*LINES), folds=2, name="a", settings=settings)
    folds = FoldOptions(folds_from=first.folder.path)
    train(contest(request.param), recipe=make_recipe(*LINES, "seed=3"), folds=folds, name="b", settings=settings)
    first.audit_tta(views=["hflip", "rot90"])
    follow(first, ["plain", "hflip"])
    return first


def follow(run: Run, views: list[str]) -> None:
    record = durable.read_json(run.folder.views_file)
    choice = {"views": views, "by_fold": {str(fold): own for fold, own in NESTED.items()}}
    chosen = {"follow": True, "views": views, "stored_px": None}
    durable.write_sealed(run.folder.views_file, record | {"choice": choice, "chosen": chosen})


def combine(run: Run, notes: Notes, **how: object) -> Run:
    return podium.ensemble("a", "b", runs=run.folder.path.parent, progress=notes, **how)  # type: ignore[arg-type]


@pytest.mark.long
def test_each_fold_is_answered_by_the_views_that_were_chosen_without_it(run: Run) -> None:
    found = chosen_view_answers(run.folder, run.oof)
    assert found is not None
    assert found.ids.tolist() == run.oof.ids.tolist()
    assert found.origins == run.oof.origins
    samples, folds = load_tables(run.folder)
    cache = open_cache(run.settings.cache_folder / run.folder.read()["cache_key"])
    for fold, views in NESTED.items():
        ids = samples.ids[folds.valid_rows(fold)]
        predictor = open_predictor(run.folder, run.settings, Notes(), chosen=ChosenViews(tuple(views)))
        ((_, wanted),) = predictor.predict_folds(cache, folds=[fold])
        for name, values in wanted.align(ids).probs.items():
            np.testing.assert_allclose(found.align(ids).probs[name], values, atol=1e-5, err_msg=name)


@pytest.mark.slow
def test_an_ensemble_weighs_and_scores_it_by_these_answers(run: Run) -> None:
    notes, seen = Notes(), chosen_view_answers(run.folder, run.oof)
    assert seen is not None
    other = podium.load_run("b", runs=run.folder.path.parent).oof.align(run.oof.ids)
    made = combine(run, notes, weights=(3, 1))
    for name, values in made.oof.align(run.oof.ids).probs.items():
        np.testing.assert_allclose(values, 0.75 * seen.probs[name] + 0.25 * other.probs[name], atol=1e-6)
    assert any("a is judged with the test-time views" in line for line in notes.notes)
    assert not [stale for stale in find_stale(made.folder) if stale.file == "scores.json"]
    kept = durable.read_json(run.folder.views_file)
    follow(run, ["plain", "rot90"])
    assert any("views that a predicts with" in stale.what for stale in find_stale(made.folder))
    durable.write_sealed(run.folder.views_file, kept)


@pytest.mark.slow
def test_without_the_predictions_under_views_those_of_the_recipe_count(run: Run) -> None:
    files = run.folder.view_predictions_file("hflip", 1)
    aside = files.with_name("aside")
    shutil.move(files, aside)
    notes = Notes()
    try:
        assert chosen_view_answers(run.folder, run.oof) is None
        made = combine(run, notes, weights=(1, 0))
    finally:
        shutil.move(aside, files)
    record = read_ensemble(made.folder)
    assert record is not None
    assert record.members[0].views is None
    for name, values in made.oof.align(run.oof.ids).probs.items():
        np.testing.assert_allclose(values, run.oof.probs[name], atol=1e-6)
    assert any("are gone" in line for line in notes.notes)


def test_a_run_without_a_choice_keeps_its_own_answers(run: Run) -> None:
    other: Path = run.folder.path.parent / "b"
    found = podium.load_run(other)
    assert chosen_view_answers(found.folder, found.oof) is None
    assert set(predict_views(found.folder, ["plain"], run.settings, Notes()).by_view) == {"plain"}
