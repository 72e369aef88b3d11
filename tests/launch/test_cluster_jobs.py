"""Words for SLURM, the batch file that sbatch gets, and a stop that puts the job back."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from podium.errors import PodiumError, Stopped, UnknownNameError, UsageError
from podium.launch.cluster_jobs import check_words, run_until_asked, submit_array
from podium.stopping import listen_for_stop

pytest.importorskip("submitit", reason="needs the extra slurm")
TIME = "timeout_min=240"


def do_nothing() -> None:
    """A task."""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gpu", TIME], "'gpu' is not KEY=VALUE"),
        (["partition="], "'partition=' is not KEY=VALUE"),
        (["partition=gpu"], "no time is given"),
        (["cluster=pbs", TIME], "unknown cluster 'pbs'"),
        (["partitoin=gpu", TIME], "partition"),
    ],
)
def test_wrong_words_are_named(words: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_words(words)
    assert said in str(caught.value)


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(UsageError, match="submitit") as caught:
        check_words([TIME])
    assert "podium[slurm]" in str(caught.value)


def test_a_machine_without_slurm_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="no SLURM on this machine"):
        submit_array([do_nothing], tmp_path / "jobs", check_words([TIME]), name="mine")


class FakeSlurm:
    """`sbatch` and `srun` that keep what they are given."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, answer: str, code: int = 0) -> None:
        self.kept = folder / "kept.sh"
        folder.mkdir()
        script = f'#!/bin/sh\nfor last; do :; done\ncp "$last" {self.kept}\n{answer}\nexit {code}\n'
        for name in ("sbatch", "srun"):
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_sbatch_gets_an_array_that_may_be_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slurm = FakeSlurm(tmp_path / "bin", monkeypatch, answer="echo Submitted batch job 812")
    given = check_words(["partition=gpu", "gpus_per_node=1", TIME, "array_parallelism=2"])
    assert submit_array([do_nothing] * 5, tmp_path / "jobs", given, name="podium-mine") == [
        f"812_{number}" for number in range(5)
    ]
    lines = slurm.kept.read_text().splitlines()
    for expected in (
        "#SBATCH --array=0-4%2",
        "#SBATCH --partition=gpu",
        "#SBATCH --gpus-per-node=1",
        "#SBATCH --time=240",
        "#SBATCH --requeue",
        "#SBATCH --signal=USR2@90",
        "#SBATCH --job-name=podium-mine",
    ):
        assert expected in lines, lines


def test_a_partition_that_is_not_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "sbatch: error: invalid partition specified: gpuu"
    FakeSlurm(tmp_path / "bin", monkeypatch, answer=f"echo '{said}' >&2", code=1)
    with pytest.raises(PodiumError, match=r"did not take the job.*invalid partition specified: gpuu"):
        submit_array([do_nothing] * 2, tmp_path / "jobs", check_words(["partition=gpuu", TIME]), name="mine")


def wait_to_be_stopped(number: int) -> None:
    """A training that is asked to leave."""
    with listen_for_stop() as stop:
        os.kill(os.getpid(), number)
        stop.check()


def test_a_warning_stops_between_two_steps_and_then_puts_the_job_back() -> None:
    heard: list[Any] = []
    before = signal.signal(signal.SIGUSR2, lambda number, frame: heard.append(number))
    try:
        run_until_asked(lambda: wait_to_be_stopped(signal.SIGUSR2))
        assert heard == [signal.SIGUSR2]
        with pytest.raises(SystemExit) as ended:
            run_until_asked(lambda: wait_to_be_stopped(signal.SIGTERM))
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert ended.value.code == Stopped.exit_code
    assert heard == [signal.SIGUSR2]


def test_unknown_cluster_suggests_one() -> None:
    with pytest.raises(UnknownNameError):
        check_words(["cluster=slrum", TIME])
