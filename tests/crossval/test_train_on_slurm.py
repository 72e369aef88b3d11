"""An array of one task a training, carried out by submitit's own local engine: the bytes are those of one process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from podium.crossval.start_run import start_run
from podium.crossval.train_on_slurm import SlurmTask
from podium.crossval.training_task import TrainingTask
from podium.dataset import FoldOptions
from podium.machine import Silent
from podium.store import RunFolder
from podium.tables import Samples
from podium.workflows import resume
from tiny.contest import make_recipe, make_settings, results_of

pytest.importorskip("submitit", reason="needs the extra slurm")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # jobs outlive who sent them
]
Contest = Callable[[str], Samples]
LOCAL = ("cluster=local", "timeout_min=10")
LINES = ("model.freeze=none", "predict_views=[plain]", "training.epochs=15")


@pytest.fixture(scope="module")
def root(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run before its first training, and beside it what one process ends with."""
    root = tmp_path_factory.mktemp("slurm")
    settings = make_settings(root / "new", checkpoint_seconds=0)
    start_run(contest("single"), make_recipe(*LINES), FoldOptions(folds=2), settings, Silent(), name="mine")
    shutil.copytree(root / "new", root / "alone")
    resume("mine", settings=make_settings(root / "alone"))
    return root


def wait_until(is_so: Callable[[], object], seconds: float = 200) -> None:
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert is_so()


@pytest.mark.soak
def test_jobs_that_are_put_back_end_with_the_bytes_of_one_process(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "new", tmp_path, dirs_exist_ok=True)
    settings = make_settings(tmp_path, checkpoint_seconds=0)
    sent = resume("mine", settings=replace(settings, slurm=LOCAL))
    run = RunFolder(settings.runs / "mine")
    assert sent.folder.folds_left()
    wait_until(lambda: list(run.path.glob("fold-0/all/checkpoints/*")))
    task = next(pid for pid in holders(run) if pid)
    os.kill(task, signal.SIGUSR2)  # as SLURM does before it takes the node back
    wait_until(lambda: run.is_finished and run.report_file.is_file())
    assert results_of(run.path) == results_of(root / "alone/runs/mine")
    logs = "".join(path.read_text() for path in (run.path / "slurm").glob("*_log.*"))
    assert "Requeued job" in logs
    assert "Traceback" not in logs


def holders(run: RunFolder) -> list[int]:
    """Processes that hold the trainings."""
    found = [path.read_text() for path in sorted(run.path.glob("fold-*/all/run.lock"))]
    return [json.loads(text)["pid"] for text in found if text.strip()]


@pytest.mark.long
def test_a_task_may_be_started_twice(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "alone", tmp_path, dirs_exist_ok=True)
    settings = make_settings(tmp_path)
    assert SlurmTask(TrainingTask(settings.runs / "mine", 0, 0, settings))()
