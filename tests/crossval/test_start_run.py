"""The first half of a training: what is refused before any work, and what a new run folder holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from podium.crossval.start_run import start_run
from podium.dataset import FoldOptions
from podium.dataset.prepare import prepare_samples
from podium.dataset.prepared import load_prepared
from podium.errors import ImageError, LabelError, SourceError, SplitError, StorageError, UnknownNameError, UsageError
from podium.machine import Settings
from podium.recipe import load_recipe
from podium.store import RunFolder, load_tables
from podium.tables import Folds, Samples, save_folds
from tiny.contest import Notes, make_recipe, make_samples, make_settings

Contest = Callable[[str], Samples]
THREE = FoldOptions(folds=3)


def start(
    samples: Samples,
    folder: Path,
    *,
    lines: tuple[str, ...] = (),
    folds: FoldOptions = THREE,
    settings: Settings | None = None,
    progress: Notes | None = None,
    **how: Any,
) -> RunFolder:
    settings, progress = settings or make_settings(folder), progress or Notes()
    return start_run(samples, make_recipe(*lines), folds, settings, progress, **how)


@pytest.mark.slow
def test_a_new_run_holds_all_that_its_training_needs(contest: Contest, tmp_path: Path) -> None:
    samples, lines = contest("attributes"), ("image.size_px=auto", "image.stored_px=auto")
    run = start(samples, tmp_path, lines=lines, name="mine", notes=["from the scan"])
    assert run.path == tmp_path / "runs" / "mine"
    kept, folds = load_tables(run)
    assert kept.ids.tolist() == folds.ids.tolist() == samples.ids.tolist()
    assert replace(kept, size=None).table_digest == samples.table_digest
    assert kept.size.tolist() == [[40, 36]] * len(samples)  # D2
    assert folds.n_folds == 3
    recipe = load_recipe(run.recipe_file)
    assert recipe.image.sides == recipe.image.stored_sides == (128, 128)  # the least that auto takes; images are 36 px
    record = run.read()
    assert (record["folds"], record["threads"], record["preset"]) == ([0, 1, 2], 1, "baseline-changed")
    assert (tmp_path / "runs" / ".cache").samefile(record["cache"])
    assert (Path(record["cache"]) / record["cache_key"] / "pixels.u8").is_file()
    assert load_prepared(run.path).notes[0] == "from the scan"
    assert run.environment_file.is_file()
    assert run.folds_left() == [0, 1, 2]
    assert not run.is_finished


def test_folds_are_taken_once_and_in_order(contest: Contest, tmp_path: Path) -> None:
    assert start(contest("single"), tmp_path, only_folds=[2, 0, 2]).read()["folds"] == [0, 2]


@pytest.mark.slow
def test_names_count_on_from_the_preset(contest: Contest, tmp_path: Path) -> None:
    names = [start(contest("multi"), tmp_path).name for _ in range(2)]
    assert names == ["baseline-1", "baseline-2"]


@pytest.mark.parametrize(
    ("lines", "how", "error", "message"),
    [
        (["metric=f1_marco"], {}, UnknownNameError, "Did you mean 'f1_macro'"),
        (["metric=label_accuracy"], {}, UsageError, "label_accuracy"),
        (["model.arrangement=joint"], {"shape": "two heads"}, UsageError, "composite"),
        ([], {"only_folds": [7]}, UsageError, "there is no fold 7; folds are 0 to 2"),
        ([], {"only_folds": [1, -1]}, UsageError, "no fold -1"),
        ([], {"only_folds": [3]}, UsageError, "no fold 3"),
        ([], {"only_folds": []}, UsageError, "no fold was chosen"),
        ([], {"name": "../outside"}, UsageError, "cannot name a run"),
        ([], {"folds": FoldOptions(folds=1)}, UsageError, "folds"),
        ([], {"folds": FoldOptions(folds=30)}, SplitError, "Use at most 18 folds"),
    ],
)
def test_a_wrong_request_is_refused_before_any_work(
    lines: list[str], how: Mapping[str, Any], error: type[Exception], message: str, contest: Contest, tmp_path: Path
) -> None:
    samples, asked, notes = contest("single"), dict(how), Notes()
    if asked.pop("shape", None):
        whole = contest("attributes")
        assert whole.task is not None
        samples = replace(whole, task=replace(whole.task, composite=None))
    with pytest.raises(error, match=message):
        start(samples, tmp_path, lines=tuple(lines), progress=notes, **asked)
    assert notes.stages == []
    assert not list(tmp_path.rglob("run.json"))


def test_samples_without_labels_teach_nothing(contest: Contest, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no labels"):
        start(replace(contest("single"), task=None, labels={}), tmp_path)


@pytest.mark.parametrize("place", ["runs", "cache"])
def test_a_folder_that_cannot_be_written_is_found_before_any_work(place: str, contest: Contest, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings = make_settings(tmp_path, **{place: tmp_path / "file" / place})
    notes = Notes()
    with pytest.raises(StorageError, match="file"):
        start(contest("single"), tmp_path, settings=settings, progress=notes)
    assert notes.stages == []


@pytest.mark.slow
def test_a_run_is_never_overwritten(contest: Contest, tmp_path: Path) -> None:
    run, notes = start(contest("multi"), tmp_path, name="mine"), Notes()
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="run 'mine' exists") as refused:
        start(contest("single"), tmp_path, name="mine", progress=notes)
    assert "podium.resume('mine')" in str(refused.value.fix)
    assert notes.stages == []
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


def test_what_fails_leaves_no_run(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", "single")
    samples.file(3).write_bytes(b"no image")
    with pytest.raises(ImageError, match="1 of 36 images cannot be used"):
        start(samples, tmp_path, name="mine")
    assert not (tmp_path / "runs" / "mine").exists()


@pytest.mark.slow
def test_prepared_data_keep_their_folds_whatever_is_asked(contest: Contest, tmp_path: Path) -> None:
    settings, recipe = make_settings(tmp_path), make_recipe()
    prepared, cache = prepare_samples(contest("single"), recipe, THREE, settings, Notes(), notes=["of the scan"])
    run = start_run(prepared, recipe, FoldOptions(folds=9, split_seed=4), settings, Notes(), only_folds=[2])
    assert load_tables(run)[1].digest == prepared.folds.digest
    assert run.read()["cache_key"] == cache.folder.name
    assert run.read()["folds"] == [2]
    assert load_prepared(run.path).notes == prepared.notes
    assert load_prepared(run.path).audit == prepared.audit
    with pytest.raises(UsageError, match="no fold 3"):
        start_run(prepared, recipe, FoldOptions(folds=9), settings, Notes(), only_folds=[3])


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        (("metric=roc_auc_macro",), "the validation images: all of them are mask=worn"),
        (("metric=matthews_corrcoef",), "the validation images: all of them are mask=worn"),
    ],
)
def test_a_metric_that_the_judged_images_give_no_value_is_refused_before_training(
    contest: Contest, tmp_path: Path, lines: tuple[str, ...], where: str
) -> None:
    """The one fold validates on images of one class: the training would end with a dash."""
    samples = contest("single")
    split = np.where(samples.labels["mask"] == 0, "valid", "train").astype(object)
    split[np.flatnonzero(split == "valid")[::2]] = "train"
    one_class = replace(samples, split=split, group=None)
    with pytest.raises(LabelError, match=where) as caught:
        start(one_class, tmp_path, lines=lines, folds=FoldOptions())
    assert "f1_macro" in str(caught.value.fix)
    assert not (tmp_path / "runs" / "baseline-1").exists()


@pytest.mark.slow
def test_a_fold_that_chooses_its_epoch_must_have_a_score_of_its_own(contest: Contest, tmp_path: Path) -> None:
    """All images together have both classes, but fold 1 has one: it could not tell epochs apart."""
    samples = contest("single")
    known = samples.take(np.flatnonzero(samples.labels["mask"] >= 0))
    table = tmp_path / "folds"
    fold = np.where(np.arange(len(known)) % 3 == 0, 0, np.where(known.labels["mask"] == 0, 1, 2))
    save_folds(Folds(known.ids, fold, 3, "predefined", 0, known.digest), table)
    options = FoldOptions(folds_from=table, allow_leaks=("same_group", "near_duplicate"))
    chooses = ("metric=roc_auc_macro", "training.select=best")
    with pytest.raises(LabelError, match="the validation images of fold 1, which choose its epoch"):
        start(known, tmp_path, lines=chooses, folds=options)
    assert start(known, tmp_path, lines=chooses[:1], folds=options).folds_left() == [0, 1, 2]
