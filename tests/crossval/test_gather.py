"""Folds gathered into a scored run: when, from what, once or again, and what a killed process leaves."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from podium import durable
from podium.crossval import gather as gather_module
from podium.crossval.gather import gather
from podium.crossval.start_run import start_run
from podium.dataset import FoldOptions
from podium.errors import CorruptFileError, Stopped
from podium.machine import Silent
from podium.metrics import Scores
from podium.stopping import StopRequest
from podium.store import RunFolder, load_tables
from podium.tables import Predictions, Samples, load_predictions, save_predictions
from tiny.contest import Notes, make_recipe, make_settings

Contest = Callable[[str], Samples]
N_FOLDS = 3


@pytest.fixture(scope="module")
def started(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run without any training, to be scored by accuracy."""
    recipe, settings = make_recipe("metric=accuracy"), make_settings(tmp_path_factory.mktemp("started"))
    return start_run(contest("single"), recipe, FoldOptions(folds=N_FOLDS), settings, Silent(), name="mine")


@pytest.fixture
def run(started: RunFolder, tmp_path: Path) -> RunFolder:
    """The same with the predictions of every fold, as training leaves them."""
    copied = RunFolder(Path(shutil.copytree(started.path, tmp_path / "mine")))
    samples, folds = load_tables(copied)
    assert samples.task is not None
    rng = np.random.default_rng(4)
    for fold in range(N_FOLDS):
        rows = folds.valid_rows(fold)
        probs = {"mask": rng.dirichlet([1.0, 1.0], len(rows))}
        made = Predictions(samples.task, samples.ids[rows], np.full(len(rows), fold), probs)
        save_predictions(made, copied.predictions_file("oof", fold))
    return copied


def files_of(run: RunFolder) -> dict[str, int]:
    """When every file was written, the lock aside."""
    files = [path for path in run.path.rglob("*") if path.is_file() and path.name != "run.lock"]
    return {str(path.relative_to(run.path)): path.stat().st_mtime_ns for path in files}


@pytest.mark.parametrize("missing", range(N_FOLDS))
def test_while_a_fold_is_missing_nothing_is_written(run: RunFolder, missing: int) -> None:
    run.predictions_file("oof", missing).unlink()
    before = files_of(run)
    assert not gather(run)
    assert files_of(run) == before


@pytest.mark.slow
def test_the_score_is_the_recipes_metric_over_the_rows_of_all_folds(run: RunFolder) -> None:
    assert gather(run)
    oof = load_predictions(run.oof_file)
    parts = [load_predictions(run.predictions_file("oof", fold)) for fold in range(N_FOLDS)]
    assert oof.ids.tolist() == [name for part in parts for name in part.ids]
    np.testing.assert_array_equal(oof.probs["mask"], np.concatenate([part.probs["mask"] for part in parts]))
    assert sorted(oof.ids) == [f"{row:02d}.png" for row in range(36)]
    truth = [int(name[:2]) % 2 for name in oof.ids]
    main = Scores.from_dict(durable.read_json(run.scores_file)).main
    assert main.value == pytest.approx(accuracy_score(truth, oof.probs["mask"].argmax(axis=1)))
    assert run.report_file.is_file()


def test_only_the_folds_that_were_asked_for_are_gathered(run: RunFolder) -> None:
    record = run.read()
    durable.write_json(run.run_file, {**record, "folds": [0, 2]})
    run.predictions_file("oof", 1).unlink()
    assert gather(run)
    assert set(load_predictions(run.oof_file).fold) == {0, 2}


@pytest.mark.slow
def test_a_run_that_is_scored_is_scored_again_unless_told_otherwise(run: RunFolder) -> None:
    assert gather(run)
    truth = run.scores_file.read_bytes()
    durable.write_json(run.scores_file, {"main_metric": "accuracy"})
    kept = files_of(run)
    assert gather(run, again=False)
    assert files_of(run) == kept
    assert gather(run)
    assert run.scores_file.read_bytes() == truth


@pytest.mark.slow
def test_a_report_is_there_when_the_run_is(run: RunFolder) -> None:
    """Killed between the scores and the report: the next process writes it, and others may have waited."""
    gather(run)
    run.report_file.unlink()
    assert gather(run, again=False)
    assert run.report_file.is_file()


@pytest.mark.slow
def test_a_report_of_other_scores_does_not_stay(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before the scores, it would count as gathered as soon as they are there."""

    def die(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    gather(run)
    run.scores_file.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(gather_module, "score_answers", die)
        with pytest.raises(KeyboardInterrupt):
            gather(run)
    assert not run.report_file.exists()
    assert gather(run, again=False)
    assert run.is_finished
    assert run.report_file.is_file()


def test_another_table_of_samples_is_refused(run: RunFolder) -> None:
    table = run.path / "samples.csv"
    table.write_text(table.read_text().replace("worn", "none", 1))
    with pytest.raises(CorruptFileError):
        gather(run)
    assert not run.is_finished


def test_one_gathers_and_others_wait_until_they_are_stopped(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podium.machine.waiting._SILENT_S", 0.0)
    is_held, is_over, stop = threading.Event(), threading.Event(), StopRequest()

    class Impatient(Notes):
        def note(self, line: str) -> None:
            super().note(line)
            stop.signal = 15

    def hold() -> None:
        with durable.hold_lock(run.path):
            is_held.set()
            is_over.wait(60)

    holder, notes = threading.Thread(target=hold), Impatient()
    holder.start()
    try:
        assert is_held.wait(60)
        with pytest.raises(Stopped):
            gather(run, progress=notes, stop=stop)
        assert not run.is_finished
    finally:
        is_over.set()
        holder.join()
    (told,) = notes.notes
    assert told.startswith("Waiting for the process that scores the run.")
    assert gather(run)
