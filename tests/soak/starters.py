"""R7: several processes want one folder at the same moment. One gets it, the others are told who has it, with the
documented exit code; what a killed process held is taken over. Two that go on with one run share its trainings.
"""

from __future__ import annotations

import itertools
import shutil
import signal
import time
from functools import partial
from pathlib import Path

from .children import Child, start
from .contests import FROZEN, WHOLE, Case, difference
from .trial import Figure, Trial, count

__all__ = ["TRIALS"]

LONG_LINES = ("training.epochs=40",)
"""Epochs enough that the slower starter comes while the faster one works."""
HELD_S = 0.25
N_STARTERS = 3


def race_for_lock(n: int, folder: Path) -> Figure:
    """Three processes want a folder that a killed one held; half of the time on a file system without locks."""
    return count(
        (
            f"{place}, {'file locks' if place % 2 else 'no file locks'}",
            partial(_race, folder / str(place), place % 2 > 0),
        )
        for place in range(n)
    )


def _race(folder: Path, has_file_locks: bool) -> str | None:
    folder.mkdir()
    former = start("soak.errands:hold", folder, 60, has_file_locks, at=folder)
    while not (folder / "taken").exists():
        if former.poll() is not None:
            return f"the first holder ended: {former.last_line}"
        time.sleep(0.002)
    refused = start("soak.errands:hold", folder, 0, has_file_locks, at=folder)
    if refused.wait() != 1 or f"process {former.pid}" not in str(refused.answer.get("what")):
        return f"the lock of a process that lives was not respected: {refused.answer}"
    former.send(signal.SIGKILL)
    former.wait()
    starters = []
    for _ in range(N_STARTERS):
        starters.append(start("soak.errands:hold", folder, HELD_S, has_file_locks, at=folder, is_gated=True))
    for child in starters:
        child.release()
    codes = [child.wait() for child in starters]
    won = sorted(child.answer["value"] for child, code in zip(starters, codes, strict=True) if code == 0)
    if not won:
        return f"nobody got it: {[child.answer.get('what') for child in starters]}"
    if any(second[0] < first[1] for first, second in itertools.pairwise(won)):
        return f"{len(won)} held it at the same time"
    problem = _bad_refusal([child for child, code in zip(starters, codes, strict=True) if code != 0])
    after = start("soak.errands:hold", folder, 0, has_file_locks, at=folder)
    if after.wait():
        return f"it was not given back: {after.answer}"
    shutil.rmtree(folder)
    return problem


def _bad_refusal(children: list[Child]) -> str | None:
    for child in children:
        if child.code != 1 or child.answer.get("error") != "LockedError" or "in use by" not in child.answer["what"]:
            return f"the loser got exit code {child.code}: {child.answer or child.last_line}"
    return None


def race_of_commands(n: int, folder: Path) -> Figure:
    """Two commands at once: a new run of one name, or the resume of one that was killed."""
    attempts = []
    killed: dict[Case, Path] = {}
    for place in range(n):
        case = (FROZEN, WHOLE)[place // 2 % 2]
        long = Case(f"{case.name}, long", case.shape, (*case.lines, *LONG_LINES))
        if place % 2:
            attempts.append((f"{place}, two new runs", partial(_race_of_new, long, folder / str(place))))
            continue
        if long not in killed:
            killed[long] = _kill_one(long, folder / f"killed {len(killed)}")
        attempts.append((f"{place}, two resumes", partial(_race_of_resumes, long, killed[long], folder / str(place))))
    return count(attempts)


def _kill_one(case: Case, root: Path) -> Path:
    """A run that was killed in its first epochs, its lock file telling of a process that is no more."""
    root.mkdir()
    child = start("soak.errands:go_on", root, case.samples, case.lines, at=root)
    while not any((root / "runs" / "mine" / "fold-0" / "all" / "checkpoints").glob("0*")):
        assert child.poll() is None, child.said
        time.sleep(0.002)
    child.send(signal.SIGKILL)
    child.wait()
    assert (root / "runs" / "mine" / "fold-0" / "all" / "run.lock").stat().st_size > 0
    return root


def _start_two(case: Case, root: Path) -> list[Child]:
    """Two commands at the same instant, until both have ended; the lower exit code first."""
    words = case.words(root)
    children = [start("soak.errands:command", words, at=root, is_gated=True) for _ in range(2)]
    for child in children:
        child.release()
    return sorted(children, key=lambda child: child.wait())


def _codes(children: list[Child]) -> str:
    return f"exit codes {[child.code for child in children]}: {[child.last_line for child in children]}"


def _race_of_resumes(case: Case, killed: Path, root: Path) -> str | None:
    shutil.copytree(killed, root)
    children = _start_two(case, root)
    problem = _codes(children) if any(child.code for child in children) else None
    problem = problem or difference(case, root / "runs" / "mine")
    shutil.rmtree(root)
    return problem


def _race_of_new(case: Case, root: Path) -> str | None:
    root.mkdir()
    winner, loser = children = _start_two(case, root)
    is_locked = loser.code == 1 and "in use by process" in loser.said
    exists = loser.code == 2 and "exists" in loser.said  # it came when the other had made the run
    problem = None if winner.code == 0 and (is_locked or exists) else _codes(children)
    problem = problem or difference(case, root / "runs" / "mine")
    shutil.rmtree(root)
    return problem


TRIALS = (
    Trial("R7", "three processes want one folder that a killed one held; one gets it", race_for_lock, 200, 5),
    Trial("R7", "two commands start one run: one wins; two resume one: both train it", race_of_commands, 40, 2),
)
