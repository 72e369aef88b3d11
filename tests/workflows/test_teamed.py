"""Processes as torchrun starts them train one network together; the numbers are those of one process."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from podium.errors import RecipeError, UsageError
from podium.machine import Settings
from podium.machine.place_in_team import PlaceInTeam
from podium.store import RunFolder
from podium.tables import Samples, save_samples
from podium.workflows import train
from podium.workflows.teamed import own_settings
from tiny.contest import go_on
from tiny.team import start_team

Contest = Callable[[str], Samples]
LINES = (
    "model.freeze=none",
    "model.drop_rate=0.2",
    "mixing=[{kind: mixup, probability: 0.5}, {kind: cutmix, probability: 0.5}]",
    "augmentations=light",
    "training.batch_size=9",
    "training.micro_batch=5",
    "training.sampler=balanced",
    "training.ema_decay=0.9",
    "training.clip_norm=1.0",
    "training.soup_epochs=2",
    "optimizer.name=sgd",
    "optimizer.lr=0.05",
)
NEAR = 2e-5
"""Two sums of the same float32 numbers in another order, after ten steps."""
FOLLOWS = """
import sys
sys.path.insert(0, {tests!r})
from podium.cli.dispatch import ignore_stops
from podium.errors import Explained
from podium.machine.place_in_team import LeaderEnded
from pathlib import Path
from tiny.contest import go_on
try:
    go_on(Path({root!r}), Path({samples!r}), {lines!r})
except (Explained, LeaderEnded) as ended:
    print(ended)
    ignore_stops()
    sys.exit(ended.exit_code)
"""

pytestmark = pytest.mark.slow


class Job:
    """A run trained by one process, and others of the same recipe by several."""

    def __init__(self, samples: Samples, folder: Path) -> None:
        self.samples = folder / "samples"
        save_samples(samples, self.samples)
        self.alone = go_on(folder / "alone", self.samples, LINES)

    def start(self, root: Path, n: int = 2) -> list[subprocess.Popen[str]]:
        how = {"tests": str(Path(__file__).parents[1]), "root": str(root), "samples": str(self.samples)}
        return start_team(["-c", FOLLOWS.format(**how, lines=LINES)], n)


@pytest.fixture(scope="module")
def job(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Job:
    return Job(contest("attributes"), tmp_path_factory.mktemp("job"))


def difference(one: Path, other: Path) -> float:
    """Largest difference of two weights of the same name, over all models of two runs."""
    files = sorted(path.relative_to(one) for path in one.glob("fold-*/*/*.safetensors"))
    assert files
    found = [(load_file(one / path), load_file(other / path)) for path in files]
    return max(float(np.abs(a[name] - b[name]).max(initial=0)) for a, b in found for name in a)


def end(team: list[subprocess.Popen[str]]) -> tuple[list[int], str]:
    said = [process.communicate(timeout=200) for process in team]
    return [process.returncode for process in team], str(said)


@pytest.mark.long
@pytest.mark.parametrize("n", [2, pytest.param(3, marks=pytest.mark.soak)])
def test_several_processes_train_what_one_does(job: Job, tmp_path: Path, n: int) -> None:
    codes, said = end(job.start(tmp_path, n))
    assert codes == [0] * n, said
    assert difference(job.alone, tmp_path / "runs/mine") < NEAR
    assert RunFolder(tmp_path / "runs/mine").is_finished


@pytest.mark.parametrize(
    ("victim", "number"),
    [
        (1, signal.SIGKILL),
        pytest.param(0, signal.SIGKILL, marks=pytest.mark.soak),
        pytest.param(1, signal.SIGTERM, marks=pytest.mark.soak),
    ],
)
@pytest.mark.long
def test_a_lost_or_stopped_process_ends_all_and_one_alone_goes_on(
    job: Job, tmp_path: Path, victim: int, number: int
) -> None:
    team, deadline = job.start(tmp_path), time.monotonic() + 200
    while not list(tmp_path.glob("runs/mine/fold-0/all/checkpoints/*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    team[victim].send_signal(number)
    codes, said = end(team)
    assert codes[1 - victim] == (75 if number == signal.SIGTERM else 1), said
    assert "lost" in said or number == signal.SIGTERM
    assert not RunFolder(tmp_path / "runs/mine").is_finished
    assert difference(job.alone, go_on(tmp_path, job.samples, LINES)) < NEAR


def test_what_several_cannot_do_is_refused(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="each was to start others"):
        own_settings(PlaceInTeam(0, 2, 0, 2), Settings(processes=2))
    assert own_settings(PlaceInTeam(1, 2, 1, 2), Settings(device="cpu", threads=3)).threads == 3
    from podium.workflows import teamed

    monkeypatch.setattr(teamed, "place_in_team", lambda: PlaceInTeam(0, 2, 0, 2))
    monkeypatch.setattr(teamed, "_join", lambda place, settings, lead: lead())
    with pytest.raises(RecipeError, match="freeze=backbone"):
        train(job.samples, settings=Settings(runs=tmp_path, device="cpu"))
    with pytest.raises(UsageError, match="one process"):
        train(job.samples, preset="finetune", minutes=3, settings=Settings(runs=tmp_path, device="cpu"))


@pytest.mark.long
def test_torchrun_starts_train_and_nothing_else(job: Job, tmp_path: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ended = subprocess.run([*torchrun, "-m", "podium", "predict", "mine"], capture_output=True, text=True, check=False)
    assert ended.stderr.count("torchrun started several processes of podium predict") == 1
