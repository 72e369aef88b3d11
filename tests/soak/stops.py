"""R5: SIGTERM and Ctrl-C at random moments of a command, from its start to its report. It ends within five seconds
with the documented exit code and everything on disk, and goes on to the same bytes, also when its cache is gone.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from podium import durable

from .children import Child, start
from .contests import CASES, Case, Undisturbed, difference
from .trial import Figure, Trial, count, within

__all__ = ["TRIALS"]

PROMISED_S = 5.0
CODES = {signal.SIGTERM: 75, signal.SIGINT: 130}
FEW_CHECKPOINTS = ("--checkpoint-seconds", "1000")
"""None is due, so those found are the stops' own."""
MOST_STOPS_A_RUN = 4


MARKS = (".cache/*", "mine/run.json", "mine/fold-0", "mine/fold-0/*/journal.jsonl", "mine/predictions", "mine/fold-1")
"""What tells that a run has got to its next stage."""


LONG = tuple(Case(case.name, case.shape, (*case.lines, "training.epochs=25")) for case in CASES)
"""Enough epochs that most of a run is training."""


class Tally:
    """Where stops were met, and the longest time a command took to end after one."""

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()
        self.longest_s = 0.0

    def __str__(self) -> str:
        where = ", ".join(f"{count} in {name}" for name, count in sorted(self.met.items()))
        return f"{self.met.total()} stops: {where}; longest {self.longest_s:.2f} s from signal to end"


def stage_of(root: Path) -> str:
    """How far a run is, as its folder tells."""
    run = root / "runs" / "mine"
    if not (run / "run.json").is_file():
        return "start and decoding"
    if not any(run.glob("fold-0/*/journal.jsonl")):
        return "features"
    if (run / "scores.json").is_file():
        return "report"
    is_training = any(not (path.parent / "model.safetensors").exists() for path in run.rglob("journal.jsonl"))
    return "training and evaluation" if is_training else "prediction and scoring"


def _wait_for_moment(root: Path, rng: random.Random, has_ended: Callable[[], bool], seconds: float) -> None:
    """Wait until a run is at a stage chosen at random among those to come, and a part of `seconds` more."""
    runs = root / "runs"
    to_come = [mark for mark in MARKS if not any(runs.glob(mark))]
    if to_come and rng.random() < 0.8:
        mark = rng.choice(to_come)
        while not has_ended() and not any(runs.glob(mark)):
            time.sleep(0.001)
    time.sleep(rng.uniform(0, seconds))


def _cases(n: int) -> list[Case]:
    """A case for each attempt; few attempts are not worth the undisturbed runs of all cases."""
    return list(islice(cycle(LONG[: 2 + n // 8]), n))


def stop_commands(n: int, folder: Path) -> Figure:
    """Stop n runs, each a few times on its way."""
    rng, tally = random.Random(), Tally()
    attempts = [
        (f"{case.name}, run {place}", partial(_stop_often, case, folder / str(place), rng, tally, place % 2 > 0))
        for place, case in enumerate(_cases(n))
    ]
    figure = count(attempts)
    return Figure(figure.tried, figure.held, str(tally), figure.failures)


def _stop_often(case: Case, root: Path, rng: random.Random, tally: Tally, is_decoded: bool) -> str | None:
    root.mkdir()
    marks = Undisturbed.of(case).marks_s
    if is_decoded:
        Undisturbed.of(case).give_images(root)
    run = root / "runs" / "mine"
    n_stops = 0
    while True:
        child = start("soak.errands:command", case.words(root, *FEW_CHECKPOINTS), at=root)
        if n_stops == MOST_STOPS_A_RUN:
            child.wait()
            problem = f"exit code {child.code}: {child.last_line}" if child.code else difference(case, run)
            shutil.rmtree(root)
            return problem
        while child.poll() is None and not child.catches(signal.SIGTERM):
            time.sleep(0.001)
        _wait_for_moment(root, rng, lambda child=child: child.poll() is not None, marks[-1] / 6)  # type: ignore[misc]
        problem = _stop(child, rng.choice(list(CODES)), root, tally)
        if problem:
            return problem
        n_stops = n_stops + 1 if child.code and stage_of(root) != "report" else MOST_STOPS_A_RUN
        if rng.random() < 0.2:
            durable.remove_tree(root / "runs" / ".cache")


def _stop(child: Child, number: int, root: Path, tally: Tally) -> str | None:
    stage = stage_of(root)
    if not child.send(number):
        return f"exit code {child.code}: {child.last_line}" if child.code else None
    sent = time.monotonic()
    code = child.wait()
    seconds = time.monotonic() - sent
    tally.longest_s = max(tally.longest_s, seconds)
    tally.met[stage if code else "what had just ended"] += 1
    if code == 0 and stage != "report":
        return f"{signal.Signals(number).name} in {stage}: it went on to its end"
    if code not in (0, CODES[signal.Signals(number)]):
        return f"{signal.Signals(number).name} in {stage}: exit code {code}: {child.last_line}"
    if seconds > within(PROMISED_S):
        return f"{signal.Signals(number).name} in {stage}: it took {seconds:.1f} s to end"
    if code and "podium: " not in child.said:
        return f"{signal.Signals(number).name} in {stage}: it said nothing of it"
    return _lost(root) if code else None


def _lost(root: Path) -> str | None:
    """What a stop has left that a resume cannot use; None where nothing is."""
    run = root / "runs" / "mine"
    if found := [str(path) for path in root.rglob(".podium-*.tmp")]:
        return f"temporary files stay: {found}"
    for training in (path.parent for path in run.rglob("journal.jsonl")):
        is_done = (training / "model.safetensors").is_file()
        if not is_done and durable.load_newest(training / "checkpoints") is None:
            return f"{training.relative_to(run)} was under way and has no checkpoint"
    return None


def stop_processes(n: int, folder: Path) -> Figure:
    """The same of whole processes, with their start and their end."""
    rng, tally = random.Random(), Tally()
    attempts = [
        (f"{case.name}, process {place}", partial(_stop_process, case, folder / str(place), rng, tally))
        for place, case in enumerate(_cases(n))
    ]
    figure = count(attempts)
    return Figure(figure.tried, figure.held, str(tally), figure.failures)


def _stop_process(case: Case, root: Path, rng: random.Random, tally: Tally) -> str | None:
    root.mkdir()
    words = [sys.executable, "-m", "podium", *case.words(root, *FEW_CHECKPOINTS)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(words, cwd=root, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment)
    try:
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None and not _catches_sigterm(status):
            time.sleep(0.005)
        _wait_for_moment(root, rng, lambda: process.poll() is not None, Undisturbed.of(case).marks_s[-1] / 6)
        stage, number = stage_of(root), rng.choice(list(CODES))
        process.send_signal(number)
        sent = time.monotonic()
        _, said = process.communicate(timeout=60)
        seconds = time.monotonic() - sent
    finally:
        process.kill()
        process.wait()
    tally.longest_s = max(tally.longest_s, seconds)
    tally.met[stage if process.returncode else "what had just ended"] += 1
    if process.returncode == 0 and stage != "report":
        return f"{number.name} in {stage}: it went on to its end"
    is_finished = (root / "runs" / "mine" / "report.html").is_file()
    # After its last word a process has no handler any more, and nothing left to do either.
    is_over = is_finished and process.returncode == -number
    # Python ends itself by SIGINT, which a shell reports as 130 too, where Ctrl-C came in code that is made from text.
    is_130 = number == signal.SIGINT and process.returncode == -number and b"podium: interrupted" in said
    if process.returncode not in (0, CODES[number]) and not (is_over or is_130):
        return f"{number.name} in {stage}: exit code {process.returncode}: {said.decode()[-300:]}"
    if seconds > within(PROMISED_S):
        return f"{number.name} in {stage}: it took {seconds:.1f} s to end"
    if process.returncode and (problem := _lost(root)):
        return problem
    child = start("soak.errands:command", case.words(root, *FEW_CHECKPOINTS), at=root)
    if child.wait():
        return f"exit code {child.code}: {child.last_line}"
    return difference(case, root / "runs" / "mine")


def _catches_sigterm(status: Path) -> bool:
    try:
        line = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt:"))
    except (OSError, StopIteration):
        return False
    return bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


TRIALS = (
    Trial("R5", "SIGTERM or Ctrl-C at random moments of a run, up to 4 each", stop_commands, 50, 2),
    Trial("R5", "the same of processes with their own start and end", stop_processes, 20, 1),
)
