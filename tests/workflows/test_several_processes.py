"""Several processes on one run folder: each takes what nobody has, the last gathers, and the bytes are those of one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from podium import durable
from podium.crossval.gather import gather
from podium.crossval.start_run import start_run
from podium.crossval.train_fold import FoldTrainer, train_fold
from podium.dataset import FoldOptions
from podium.errors import DivergedError, SplitError
from podium.machine import Settings, Silent
from podium.stopping import StopRequest
from podium.store import RunFolder, edit_record, load_tables
from podium.tables import Samples
from podium.workflows import Run, resume, train
from tiny.contest import Notes, make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]
CASES = {
    "single": ("model.freeze=none", "predict_views=[plain]"),
    "multi": (),
    "attributes": ("model.arrangement=separate",),
}
N_FOLDS = 3


class Started:
    """A run before its first training, and the bytes that one process ends with."""

    def __init__(self, samples: Samples, lines: tuple[str, ...], root: Path) -> None:
        self.root = root
        recipe, folds = make_recipe(*lines), FoldOptions(folds=N_FOLDS)
        start_run(samples, recipe, folds, make_settings(root / "new"), Silent(), name="mine")
        shutil.copytree(root / "new", root / "alone")
        self.results = results_of(resume("mine", settings=make_settings(root / "alone")).folder.path)

    def copy(self, root: Path) -> tuple[RunFolder, Settings]:
        shutil.copytree(self.root / "new", root, dirs_exist_ok=True)
        settings = make_settings(root)
        return RunFolder(settings.runs / "mine"), settings


@pytest.fixture(scope="module")
def start(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Started]:
    """The run of a case, made once."""
    return cache(lambda name: Started(contest(name), CASES[name], tmp_path_factory.mktemp(name)))


@pytest.fixture(scope="module", params=CASES)
def started(request: pytest.FixtureRequest, start: Callable[[str], Started]) -> Started:
    return start(request.param)


@pytest.mark.long
def test_folds_trained_one_by_one_in_any_order_and_gathered_are_the_run(started: Started, tmp_path: Path) -> None:
    run, settings = started.copy(tmp_path)
    for fold in (2, 0, 1):
        assert not gather(run)
        assert not run.is_finished
        assert train_fold(run, fold, settings=settings)
    assert gather(run)
    assert run.report_file.is_file()
    assert results_of(run.path) == started.results
    with pytest.raises(SplitError, match="no fold 3"):
        train_fold(run, 3, settings=settings)


@pytest.mark.slow
def test_a_training_that_another_has_is_left_to_it(started: Started, tmp_path: Path) -> None:
    run, settings = started.copy(tmp_path)
    held = next(iter(models_of(run)))
    with durable.hold_lock(run.training_folder(1, held)):
        assert not train_fold(run, 1, settings=settings)
        left = resume("mine", only_folds=[0, 2], settings=settings)
        assert left.folder.folds_left() == [1]
        assert not list(run.training_folder(1, held).glob("*.safetensors"))
    assert not left.folder.is_finished
    assert resume("mine", settings=settings).folder.is_finished
    assert results_of(run.path) == started.results


def models_of(run: RunFolder) -> list[str]:
    """Names of the models of a fold, as the undisturbed run beside it has them."""
    alone = Path(run.path.parent.parent)
    return ["mask", "age", "tags"] if "separate" in (alone / "runs/mine/recipe.yaml").read_text() else ["all"]


@pytest.mark.slow
def test_models_of_one_fold_may_be_trained_by_several_processes(
    start: Callable[[str], Started], tmp_path: Path
) -> None:
    started = start("attributes")
    run, settings = started.copy(tmp_path / "run")
    samples, folds = load_tables(run)
    with durable.hold_lock(run.training_folder(0, "age")):
        assert FoldTrainer(run, samples, folds, settings, Silent(), StopRequest()).train(0)
        assert not run.is_fold_done(0)
        assert not FoldTrainer(run, samples, folds, settings, Silent(), StopRequest()).train(0)
    assert FoldTrainer(run, samples, folds, settings, Silent(), StopRequest()).train(0)
    assert run.is_fold_done(0)
    resume("mine", settings=settings)
    assert results_of(run.path) == started.results


@pytest.mark.slow
def test_who_waits_takes_over_what_its_holder_leaves(start: Callable[[str], Started], tmp_path: Path) -> None:
    started = start("multi")
    run, settings = started.copy(tmp_path / "run")
    is_held, notes = threading.Event(), Notes()

    def hold() -> None:
        with durable.hold_lock(run.training_folder(0, "all")):
            is_held.set()
            time.sleep(4)

    holder = threading.Thread(target=hold)
    holder.start()
    is_held.wait()
    resume("mine", settings=settings, progress=notes)
    holder.join()
    assert any("Waiting for a fold that another process trains" in note for note in notes.notes)
    assert results_of(run.path) == started.results


@pytest.mark.slow
def test_a_start_waits_while_another_process_scores_the_run(start: Callable[[str], Started], tmp_path: Path) -> None:
    started = start("multi")
    run, settings = started.copy(tmp_path / "run")
    is_held = threading.Event()

    def hold() -> None:
        with durable.hold_lock(run.path):
            is_held.set()
            time.sleep(1)
            assert not list(run.path.glob("fold-*"))

    holder = threading.Thread(target=hold)
    holder.start()
    is_held.wait()
    resume("mine", settings=settings)
    holder.join()
    assert results_of(run.path) == started.results


@pytest.mark.slow
def test_folds_asked_for_are_recorded_and_the_run_is_finished_when_they_are_done(
    contest: Contest, tmp_path: Path
) -> None:
    settings = make_settings(tmp_path)
    run = train(contest("multi"), recipe=make_recipe(), folds=3, only_folds=[0], settings=settings)
    assert run.folder.is_finished
    with durable.hold_lock(run.folder.training_folder(2, "all")):
        with edit_record(run.folder) as record:  # as another process does that trains fold 2
            record["folds"] = [0, 2]
        assert not resume(run.name, only_folds=[1], settings=settings).folder.is_finished
    assert run.folder.read()["folds"] == [0, 1, 2]
    assert run.folder.folds_left() == [2]
    assert set(resume(run.name, settings=settings).oof.fold) == {0, 1, 2}


@pytest.mark.long
@pytest.mark.parametrize("started", ["attributes"], indirect=True)
def test_processes_that_one_command_starts_end_with_the_same_bytes(started: Started, tmp_path: Path) -> None:
    """With their start, which is what costs; the soak has up to five on every kind of run (R20)."""
    run, _ = started.copy(tmp_path)
    resume("mine", settings=make_settings(tmp_path, processes=2))
    assert results_of(run.path) == started.results


@pytest.mark.soak  # two processes for one message, which test_train_in_processes.py plays
@pytest.mark.slow
def test_what_one_process_fails_with_is_the_error(contest: Contest, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, processes=2)
    recipe = make_recipe("model.freeze=none", "predict_views=[plain]", "optimizer.lr=1e30")
    with pytest.raises(DivergedError) as caught:
        train(contest("single"), recipe=recipe, folds=2, settings=settings)
    assert type(caught.value) is DivergedError
    assert caught.value.exit_code == 1
    assert not Run(RunFolder(settings.runs / "baseline-1")).folder.is_finished


@pytest.mark.long
def test_who_starts_other_processes_never_imports_torch(contest: Contest, tmp_path: Path) -> None:
    settings, options = make_settings(tmp_path), FoldOptions(folds=2)
    start_run(contest("multi"), make_recipe(), options, settings, Silent(), name="mine")
    code = (
        "import sys; sys.modules['torch'] = None",  # importing it would raise
        "from podium.crossval import train_in_processes as module",
        "module.run_processes = lambda name, requests, **_: print(name, len(requests)) or [75] * len(requests)",
        "from podium.cli import main",
        f"sys.exit(main(['train', '--resume', 'mine', '--processes', '2', '--runs', {str(settings.runs)!r}]))",
    )
    ended = subprocess.run([sys.executable, "-c", "\n".join(code)], capture_output=True, text=True, timeout=60)
    assert ended.stdout.splitlines()[0] == "podium.crossval.worker 2"
    assert (ended.returncode, "all processes were stopped" in ended.stderr) == (75, True), ended.stderr
