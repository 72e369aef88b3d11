"""Asking a run for more folds: what is recorded, and what a wrong request leaves as it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from podium import durable
from podium.crossval.ask_for_folds import ask_for_folds
from podium.crossval.start_run import start_run
from podium.dataset import FoldOptions
from podium.errors import CorruptFileError, SplitError, UsageError
from podium.machine import Settings, Silent
from podium.stopping import StopRequest
from podium.store import RunFolder
from podium.tables import Folds, Samples
from tiny.contest import make_recipe, make_samples, make_settings

Contest = Callable[[str], Samples]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of three folds that was asked for the second."""
    folder = tmp_path_factory.mktemp("started")
    samples = make_samples(folder / "images", "single")
    options, settings = FoldOptions(folds=3), make_settings(folder)
    return start_run(samples, make_recipe(), options, settings, Silent(), name="mine", only_folds=[1])


@pytest.fixture
def run(started: RunFolder, tmp_path: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(started.path, tmp_path / "mine")))


def ask(
    run: RunFolder, *folds: int, settings: Settings | None = None, root: Path | None = None
) -> tuple[Samples, Folds]:
    return ask_for_folds(run, folds, settings or Settings(device="cpu"), Silent(), StopRequest(), root=root)


@pytest.mark.slow
def test_folds_are_added_to_those_asked_for_before(run: RunFolder) -> None:
    samples, folds = ask(run)
    assert run.read()["folds"] == [1]
    assert samples.ids.tolist() == folds.ids.tolist()
    ask(run, 2, 1)
    assert run.read()["folds"] == [1, 2]
    ask(run, 0)
    assert run.read()["folds"] == [0, 1, 2]


@pytest.mark.parametrize("fold", [3, -1])
def test_a_fold_that_does_not_exist_leaves_the_record_as_it_was(run: RunFolder, fold: int) -> None:
    before = run.run_file.read_bytes(), run.environment_file.read_bytes()
    with pytest.raises(SplitError, match=f"no fold {fold}"):
        ask(run, 0, fold)
    assert (run.run_file.read_bytes(), run.environment_file.read_bytes()) == before


def test_scores_of_fewer_folds_are_no_scores_of_the_run(run: RunFolder) -> None:
    durable.write_bytes(run.predictions_file("oof", 1), b"done")
    durable.write_json(run.scores_file, {})
    ask(run, 1)
    assert run.is_finished
    ask(run, 0)
    assert not run.is_finished


def test_the_machine_is_the_last_one_and_a_cloud_drive_is_never_forgotten(run: RunFolder, tmp_path: Path) -> None:
    ask(run, settings=make_settings(tmp_path, cloud_drive=True))
    assert durable.read_json(run.environment_file)["device"] == "cpu"
    ask(run, settings=make_settings(tmp_path, device="auto"))
    assert durable.read_json(run.environment_file)["device"] == "auto"
    assert run.read()["cloud_drive"] is True


def test_images_that_moved_are_remembered_and_others_refused(
    run: RunFolder, started: RunFolder, tmp_path: Path
) -> None:
    old = ask(run)[0].root
    moved = Path(shutil.copytree(old, tmp_path / "elsewhere"))
    assert ask(run, root=moved)[0].root == moved
    assert ask(run)[0].root == moved
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="none of the run's 36 images is here"):
        ask(run, 0, root=tmp_path / "empty")
    assert run.read()["folds"] == [1]
    assert ask(run)[0].root == moved


def test_another_table_is_refused(run: RunFolder) -> None:
    table = run.path / "folds.csv"
    table.write_text(table.read_text().replace(",0", ",1", 1))
    with pytest.raises(CorruptFileError):
        ask(run, 0)
    assert run.read()["folds"] == [1]
