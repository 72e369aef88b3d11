"""The processes that one command starts: stopped together, and gone when the command is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from podium import durable
from podium.crossval.start_run import start_run
from podium.dataset import FoldOptions
from podium.machine import Silent
from podium.store import RunFolder
from podium.tables import Samples
from podium.workflows import resume
from tiny.contest import make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]
LONG = ("model.freeze=none", "predict_views=[plain]", "training.epochs=120")
PATIENCE_S = 240.0


@pytest.fixture
def run(contest: Contest, tmp_path: Path) -> RunFolder:
    """A run of two folds before its first training."""
    settings = make_settings(tmp_path)
    return start_run(contest("single"), make_recipe(*LONG), FoldOptions(folds=2), settings, Silent(), name="mine")


@contextmanager
def two_processes(run: RunFolder) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """`podium train --resume mine --processes 2`, and its two processes while both are training."""
    command = [sys.executable, "-m", "podium", "train", "--resume", "mine", "--processes", "2", "--quiet"]
    places = ["--runs", str(run.path.parent), "--device", "cpu", "--checkpoint-seconds", "1000"]
    child = subprocess.Popen([*command, *places], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    folders = [run.training_folder(fold, "all") for fold in range(2)]
    try:
        wait_until(lambda: child.poll() is not None or all((folder / "journal.jsonl").is_file() for folder in folders))
        assert child.poll() is None, child.stderr and child.stderr.read()
        holders = [json.loads((folder / "run.lock").read_text())["pid"] for folder in folders]
        assert len({*holders, child.pid, os.getpid()}) == 4
        yield child, holders
    finally:
        child.kill()
        child.communicate()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def check_that_it_goes_on(run: RunFolder, settings_root: Path, alone: dict[str, bytes]) -> None:
    """Every training under way has left a checkpoint, though none was due, and the run ends with the same bytes."""
    for fold in range(2):
        assert durable.load_newest(run.training_folder(fold, "all") / "checkpoints") is not None
    resume("mine", settings=make_settings(settings_root))
    assert results_of(run.path) == alone


@pytest.fixture(scope="module")
def alone(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    settings = make_settings(tmp_path_factory.mktemp("alone"))
    start_run(contest("single"), make_recipe(*LONG), FoldOptions(folds=2), settings, Silent(), name="mine")
    return results_of(resume("mine", settings=settings).folder.path)


@pytest.mark.long
def test_a_stop_of_the_command_stops_all_with_a_checkpoint(
    run: RunFolder, alone: dict[str, bytes], tmp_path: Path
) -> None:
    with two_processes(run) as (command, holders):
        command.send_signal(signal.SIGINT)
        assert command.wait(PATIENCE_S) == 130
        assert not any(is_alive(pid) for pid in holders)
        assert command.stderr is not None
        assert "--resume" in command.stderr.read()
    check_that_it_goes_on(run, tmp_path, alone)


@pytest.mark.soak  # as the trials of R20
@pytest.mark.slow
def test_nobody_is_left_when_the_command_is_killed(run: RunFolder, alone: dict[str, bytes], tmp_path: Path) -> None:
    with two_processes(run) as (command, holders):
        command.kill()
        wait_until(lambda: not any(is_alive(pid) for pid in holders))
    check_that_it_goes_on(run, tmp_path, alone)


@pytest.mark.soak
@pytest.mark.slow
def test_a_process_that_is_killed_or_stopped_leaves_its_fold_to_the_other(
    run: RunFolder, alone: dict[str, bytes]
) -> None:
    with two_processes(run) as (command, holders):
        os.kill(holders[0], signal.SIGKILL)
        assert command.wait(PATIENCE_S) == 0
    assert results_of(run.path) == alone
