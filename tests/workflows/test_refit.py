"""T15: one model on all images, by the recipe and for the length that cross-validation chose."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from podium import durable
from podium.callbacks import Callback, EpochInfo, StepInfo, TrainingInfo
from podium.data.batch_places import batch_starts
from podium.dataset import FoldOptions
from podium.errors import LockedError, Stopped, UsageError
from podium.recipe import apply_overrides, baseline
from podium.stopping import StopRequest
from podium.store import find_stale
from podium.store.refit_record import read_refit
from podium.tables import Samples
from podium.training import one_training
from podium.workflows import Run, train
from tiny.contest import Notes, copy_run, make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]
WHOLE = ("model.freeze=none", "predict_views=[plain]", "model.frozen_precision=auto", "model.frozen_engine=auto")
PLAIN = ("feature_views=[plain]", "predict_views=[plain]")


def train_run(samples: Samples, folder: Path, *lines: str, **more: object) -> Run:
    given = {"folds": 2, "name": "mine", "settings": make_settings(folder)} | more
    return train(samples, recipe=make_recipe(*lines), **given)  # type: ignore[arg-type]


def weights_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.safetensors"))}


@pytest.mark.long
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
@pytest.mark.parametrize("kind", ["whole", "frozen", "solved"])
def test_every_task_is_refitted_and_no_score_moves(shape: str, kind: str, contest: Contest, tmp_path: Path) -> None:
    lines = WHOLE if kind == "whole" else PLAIN
    recipe = make_recipe(*lines)
    if kind == "solved":
        keep = ("model.name=tiny", "model.weights=random", "image.size_px=32", "image.stored_px=32", *PLAIN)
        recipe = apply_overrides(baseline(), [*keep, "head.kind=ridge"])
    if shape == "attributes":
        model = recipe.model.model_copy(update={"arrangement": "separate"})
        recipe = recipe.model_copy(update={"model": model})
    samples, settings = contest(shape), make_settings(tmp_path)
    run = train(samples, recipe=recipe, folds=2, name="mine", settings=settings)
    before = results_of(run.folder.path)
    notes = Notes()
    assert run.refit(progress=notes) is run
    assert {name: data for name, data in results_of(run.folder.path).items() if not name.startswith("refit")} == before
    record = read_refit(run.folder, finished=True)
    assert record is not None
    models = {path.parent.name for path in run.folder.path.glob("fold-0/*/model.json")}
    assert set(record.epochs) == models
    assert record.n_images == len(samples)
    assert set(record.epochs.values()) == {1 if kind == "solved" else 2}
    assert any("own score is not measured" in note for note in notes.notes)
    refit = run.predict(samples.root, name="refit", models="refit")
    for head in samples.task.targets:  # type: ignore[union-attr]
        assert np.isfinite(refit.probs[head.name]).all()
    assert not list(run.folder.path.glob("predictions/refit-fold-*"))
    trained = [set(weights_in(run.folder.path / part).values()) for part in ("refit", "fold-0", "fold-1")]
    assert not trained[0] & (trained[1] | trained[2])
    assert find_stale(run.folder) == []


@pytest.mark.slow
@pytest.mark.parametrize("holdout_fraction", [0.0, 0.3])
def test_it_learns_all_rows_but_the_holdout(holdout_fraction: float, contest: Contest, tmp_path: Path) -> None:
    """Two folds train on halves, whose features have means that make up that of all rows."""
    folds = FoldOptions(folds=2, holdout_fraction=holdout_fraction)
    run = train_run(contest("single"), tmp_path, *PLAIN, folds=folds).refit()
    n = [len(run.folds.train_rows(fold)) for fold in (0, 1)]
    assert sum(n) == len(run.samples) - len(run.folds.holdout_rows)
    means = [
        load_file(run.folder.training_folder(fold, "all") / "model.safetensors")["feature_mean"] for fold in (0, 1)
    ]
    found = load_file(run.folder.refit_folder("all") / "model.safetensors")["feature_mean"]
    np.testing.assert_allclose(found, np.average(means, axis=0, weights=n), rtol=1e-5, atol=1e-6)
    record = read_refit(run.folder, finished=True)
    assert record is not None
    assert record.n_images == sum(n)
    journal = durable.Journal(run.folder.refit_folder("all") / "journal.jsonl").read()
    assert [line["scores"] for line in journal] == [{}, {}]
    steps = len(batch_starts(sum(n), 8))
    assert [line["step"] for line in journal] == [steps, 2 * steps]  # grown with the rows


class StopAt(Callback):
    """Asks for a stop after so many steps on all images."""

    def __init__(self, step: int, stop: list[StopRequest]) -> None:
        self.step, self.stop, self.folds = step, stop, set[int]()

    def on_step(self, training: TrainingInfo, step: StepInfo) -> None:
        self.folds.add(training.fold)
        if step.step == self.step:
            self.stop[0].signal = 15

    def on_epoch(self, training: TrainingInfo, epoch: EpochInfo) -> None:
        assert dict(epoch.scores) == {}


@pytest.mark.long
@pytest.mark.parametrize("step", [3, 5, 7])
def test_a_stop_and_the_same_call_give_the_same_bits(
    step: int, contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (*WHOLE, "training.ema_decay=0.9", "model.drop_rate=0.2")
    run = train_run(contest("attributes"), tmp_path / "a", *lines)
    stopped = copy_run(run, tmp_path / "b")
    run.refit()
    requests: list[StopRequest] = []
    made = StopRequest.__init__

    def remember(self: StopRequest) -> None:
        made(self)
        requests[:] = [self]

    monkeypatch.setattr(StopRequest, "__init__", remember)
    with pytest.raises(Stopped) as error:
        stopped.refit(callbacks=[StopAt(step, requests)])
    assert "podium.load_run('mine').refit()" in str(error.value)
    assert read_refit(stopped.folder, finished=True) is None
    with pytest.raises(UsageError, match="no model on all images, or it is not finished"):
        stopped.predict(contest("attributes").root, models="refit")
    stopped.refit()
    assert weights_in(stopped.folder.refit_file.parent) == weights_in(run.folder.refit_file.parent)
    assert not list(stopped.folder.path.glob("refit/*/checkpoints"))


@pytest.mark.slow
def test_early_stops_of_the_folds_say_how_long(contest: Contest, tmp_path: Path) -> None:
    run = train_run(contest("single"), tmp_path, *PLAIN, "training.epochs=5", "training.select=best")
    records = [json.loads((run.folder.training_folder(fold, "all") / "model.json").read_text()) for fold in (0, 1)]
    for fold, best in enumerate((1, 2)):
        path = run.folder.training_folder(fold, "all") / "model.json"
        durable.write_json(path, records[fold] | {"best_epoch": best})
    run.refit()
    record = read_refit(run.folder)
    assert record is not None
    assert record.epochs == {"all": 3}  # the mean of 2 and 3, rounded up
    journal = durable.Journal(run.folder.refit_folder("all") / "journal.jsonl").read()
    assert len(journal) == 3
    last = durable.Journal(run.folder.training_folder(0, "all") / "journal.jsonl").read()[2]
    assert 0 < journal[2]["lr"] < 3e-3
    assert journal[2]["lr"] == pytest.approx(last["lr"], rel=0.2)  # inside the schedule of five epochs


@pytest.mark.slow
def test_what_cannot_be_refitted_is_said(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    lines = ("schedule.kind=plateau", "schedule.patience=1", "training.epochs=4")
    run = train_run(samples, tmp_path, *PLAIN, *lines)
    with pytest.raises(UsageError, match=r"schedule\.watch=score lowers"):
        run.refit()
    with pytest.raises(UsageError, match="has no model on all images"):
        run.predictor(models="refit")
    with pytest.raises(UsageError, match="kind of models"):
        run.predict(samples.root, models="fold")  # type: ignore[arg-type]
    partly = train_run(samples, tmp_path, *PLAIN, name="partly", only_folds=[0])
    partly.folder.scores_file.unlink()
    with pytest.raises(UsageError, match="is not finished"):
        partly.refit()


@pytest.mark.slow
def test_one_process_at_a_time_and_a_finished_one_is_left_alone(
    contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train_run(contest("single"), tmp_path, *PLAIN)
    with durable.hold_lock(run.folder.refit_folder("all")), pytest.raises(LockedError):
        run.refit()
    run.refit()
    monkeypatch.setattr(one_training, "make_job", None)
    run.refit()


@pytest.mark.slow
def test_card_report_and_predictions_name_it(contest: Contest, tmp_path: Path) -> None:
    samples, notes = contest("single"), Notes()
    run = train_run(samples, tmp_path, *PLAIN)
    assert json.loads(run.folder.model_file.read_text())["refit"] is None
    run.refit()
    card = json.loads(run.folder.model_file.read_text())
    assert card["refit"]["epochs"] == {"all": 2}
    assert list(card["refit"]["weights"]) == ["refit/all"]
    words = "one model on all 36 images, 2 epochs; its score is not measured"
    assert words in run.folder.model_card_file.read_text()
    assert words in run.folder.report_file.read_text()
    run.predict(samples.root, models="refit", progress=notes)
    assert any("own score is not measured" in note for note in notes.notes)
    about = json.loads(run.folder.predictions_file("test").with_suffix(".json").read_text())
    assert (about["models"], about["folds"], list(about["weights"])) == ("refit", [], ["refit/all"])
    path = run.folder.refit_folder("all") / "model.json"
    durable.write_json(path, json.loads(path.read_text()) | {"sha256": "0" * 64})
    assert [item.file for item in find_stale(run.folder)] == ["predictions/test.parquet"]
