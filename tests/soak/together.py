"""R20: several processes work on one run folder. Each training is done once, none is lost, and the bytes are those of a
single process; also where processes are killed at random instants and others take their place.
"""

from __future__ import annotations

import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from .children import Child, start
from .contests import FROZEN, SEPARATE, SINGLE, Case, results_of, scratch
from .trial import Figure, Trial, count

__all__ = ["TRIALS", "Started", "double_work"]

N_FOLDS = 5
N_PROCESSES = 3
MOST_KILLS_A_RUN = 10
STALE_S = 3.0
"""As long as NFS keeps attributes of a file that has just changed."""
CASES = (SINGLE, SEPARATE, FROZEN)


@dataclass(frozen=True)
class Started:
    """A run folder of five folds before its first training, and what one process makes of it.

    Args:
        root: Folder of runs and cache; copy it.
        results: Bytes of the files that must not differ, by path.
        n_steps: Steps of each training, by its title.
        seconds: How long the one process took.
    """

    root: Path
    results: dict[str, bytes]
    n_steps: dict[str, int]
    seconds: float

    @classmethod
    def of(cls, case: Case) -> Started:
        """Prepare the case once; later calls know."""
        return _prepare(case)

    def difference(self, run: Path) -> str | None:
        """How a run differs from that of one process; None where it does not."""
        found = results_of(run)
        names = sorted(name for name in found.keys() | self.results.keys() if found.get(name) != self.results.get(name))
        return f"other bytes in {', '.join(names[:4])}" if names else None


@cache
def _prepare(case: Case) -> Started:
    folder = Path(tempfile.mkdtemp(dir=scratch()))
    child = start("soak.errands:start_mine", folder / "new", case.samples, case.lines, N_FOLDS, at=folder)
    assert child.wait() == 0, child.said
    shutil.copytree(folder / "new", folder / "alone")
    began = time.monotonic()
    child = start("soak.errands:help_with", folder / "alone", folder / "marks", at=folder)
    assert child.wait() == 0, child.said
    seconds = time.monotonic() - began
    steps = Counter(title for title, _, _ in _read_marks(folder / "marks"))
    assert len(steps) >= N_FOLDS
    return Started(folder / "new", results_of(folder / "alone" / "runs" / "mine"), dict(steps), seconds)


def _read_marks(path: Path) -> list[tuple[str, int, int]]:
    """Training, step and process of each step, in the order they were taken."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [(title, int(step), int(pid)) for title, step, pid in (line.split(";") for line in lines)]


def double_work(marks: Path, started: Started, n_kills: int) -> str | None:
    """What was trained twice, or by two at a time; None where nothing was.

    A process that is killed between a step and its checkpoint leaves that one step to be taken again.
    """
    steps = _read_marks(marks)
    for title, n_steps in started.n_steps.items():
        mine = [(step, pid) for name, step, pid in steps if name == title]
        if {step for step, _ in mine} != set(range(1, n_steps + 1)):
            return f"{title}: not every step was taken"
        turns = [pid for place, (_, pid) in enumerate(mine) if not place or mine[place - 1][1] != pid]
        if len(turns) != len(set(turns)):
            return f"{title}: trained by two processes at a time"
    wanted = sum(started.n_steps.values())
    if len(steps) > wanted + n_kills:
        return f"{len(steps)} steps were taken, {wanted} are needed, and {n_kills} processes were killed"
    return None


def work_together(n: int, folder: Path) -> Figure:
    """Two, three or five processes from start to end, nobody disturbed."""
    return count(
        (
            f"{n_processes} processes, {case.name}",
            partial(_work_together, case, folder / str(place), n_processes),
        )
        for place, (case, n_processes) in enumerate(
            (CASES[place // 3 % len(CASES)], (2, 5, 3)[place % 3]) for place in range(n)
        )
    )


def _work_together(
    case: Case, root: Path, n_processes: int, has_file_locks: bool = True, stale_s: float = 0.0
) -> str | None:
    started = Started.of(case)
    shutil.copytree(started.root, root)
    children = [
        start("soak.errands:help_with", root, root / "marks", has_file_locks, stale_s, at=root, is_gated=True)
        for _ in range(n_processes)
    ]
    for child in children:
        child.release()
    if any(child.wait() for child in children):
        return f"exit codes {[child.code for child in children]}: {[child.last_line for child in children]}"
    problem = double_work(root / "marks", started, 0) or started.difference(root / "runs" / "mine")
    shutil.rmtree(root)
    return problem


def work_on_a_network_drive(n: int, folder: Path) -> Figure:
    """Three processes that see attributes and listings as they were up to 3 s ago, every second run without locks."""
    return count(
        (
            f"{CASES[place % len(CASES)].name}, {'file locks' if place % 2 else 'lock files'}",
            partial(
                _work_together, CASES[place % len(CASES)], folder / str(place), N_PROCESSES, place % 2 == 1, STALE_S
            ),
        )
        for place in range(n)
    )


def kill_at_random(n: int, folder: Path) -> Figure:
    """Kill n processes, three or so being at work at any time; only kills that ended a running process count."""
    rng = random.Random()
    n_kills, held, failures, number = 0, 0, [], 0
    while n_kills < n:
        case = CASES[number % len(CASES)]
        most, has_file_locks = min(MOST_KILLS_A_RUN, n - n_kills), number % 2 == 0
        found, problem = _kill_often(case, folder / str(number), rng, most, has_file_locks)
        n_kills, held = n_kills + found, held + (0 if problem else found)
        if problem:
            failures.append(f"run {number}, {case.name}: {problem}")
        number += 1
        if number > 10 * n:
            raise RuntimeError("no kill hits a running process")
    note = f"{number} runs of {N_FOLDS} folds, {N_PROCESSES} processes each, every second one without file locks"
    return Figure(n_kills, held, note, tuple(failures[:5]))


def _kill_often(
    case: Case, root: Path, rng: random.Random, at_most: int, has_file_locks: bool
) -> tuple[int, str | None]:
    """Keep a run in the hands of several processes, killing one now and then; how many, and what is wrong."""
    started, n_kills = Started.of(case), 0
    shutil.copytree(started.root, root)
    run = root / "runs" / "mine"
    children: list[Child] = []

    def join() -> None:
        children.append(start("soak.errands:help_with", root, root / "marks", has_file_locks, at=root))

    deadline = time.monotonic() + 300
    while n_kills < at_most and not (run / "scores.json").exists():
        while len(children) < N_PROCESSES:
            join()
        time.sleep(rng.uniform(0, 0.3 * started.seconds))
        victim = children.pop(rng.randrange(len(children)))
        n_kills += _kill(victim)
        if victim.code not in (0, -signal.SIGKILL):
            return n_kills, f"exit code {victim.code}: {victim.last_line}"
        if time.monotonic() > deadline:
            return n_kills, "it did not get through"
    join()
    codes = [child.wait() for child in children]
    if any(codes):
        return n_kills, f"exit codes {codes}: {[child.last_line for child in children]}"
    problem = double_work(root / "marks", started, n_kills) or started.difference(run)
    shutil.rmtree(root)
    return n_kills, problem


def _kill(victim: Child) -> bool:
    victim.send(signal.SIGKILL)
    return victim.wait() == -signal.SIGKILL


TRIALS = (
    Trial("R20", "two to five processes on one run; each training once, same bytes", work_together, 30, 2),
    Trial("R20", "the same on a network drive: attributes and listings 3 s old", work_on_a_network_drive, 12, 1),
    Trial("R20", "the same, processes killed at random instants and others started", kill_at_random, 200, 5),
)
