"""R2: a save is broken off at each of its system calls; a reader then finds exactly the old or the new state, and the
same command makes it whole.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from podium import durable

from .saves import SAVES
from .syscalls import Call, traced, why_impossible, with_fault
from .trial import Figure, Trial, count

__all__ = ["TRIALS", "Rehearsal", "points", "rehearse"]


@dataclass(frozen=True)
class Rehearsal:
    """A kind of save made once under the tracer.

    Args:
        kind: Kind of save.
        old: Folder in the old state, to copy.
        states: What a reader finds before and after.
        calls: Its system calls.
    """

    kind: str
    old: Path
    states: tuple[object, object]
    calls: list[Call]

    def problem(self, folder: Path, *, is_done: bool = False) -> str | None:
        """What is wrong with a folder in which the save was broken off, or said that it is done; None if nothing is."""
        before, after = self.states
        found = SAVES[self.kind].read(folder)
        if found not in ((after,) if is_done else (before, after)):
            return f"neither the old nor the new state: {found!r}"
        if found != after:
            SAVES[self.kind].write(folder)
        found = SAVES[self.kind].read(folder)
        return None if found == after else f"made again, it is not the new state: {found!r}"


def rehearse(folder: Path) -> list[Rehearsal]:
    """Every kind of save, traced."""
    found = []
    for place, (kind, save) in enumerate(SAVES.items()):
        old, new = folder / f"old-{place}", folder / f"new-{place}"
        old.mkdir(parents=True)
        save.prepare(old)
        before = save.read(old)
        shutil.copytree(old, new)
        calls = traced(kind, new)
        after = save.read(new)
        assert calls, f"{kind}: no system call was seen"
        assert before != after, kind
        found.append(Rehearsal(kind, old, (before, after), calls))
    return found


def points(rehearsals: Iterable[Rehearsal], n: int, *, is_one: Callable[[Call], bool]) -> list[tuple[Rehearsal, Call]]:
    """All calls at which to break off, or n of them spread evenly."""
    every = [(rehearsal, call) for rehearsal in rehearsals for call in rehearsal.calls if is_one(call)]
    chosen = np.unique(np.linspace(0, len(every) - 1, min(n, len(every))).astype(int))
    return [every[place] for place in chosen]


def break_off(n: int, folder: Path) -> Figure:
    """Kill saves at n of their system calls."""
    if why := why_impossible():
        return Figure(0, 0, f"not possible here: {why}")
    with durable.using_backend(durable.Backend()):
        rehearsals = rehearse(folder)
        chosen = points(rehearsals, n, is_one=lambda call: True)
        attempts = [
            (f"{rehearsal.kind}, {call}", partial(_break_off, rehearsal, call, folder / f"try-{place}"))
            for place, (rehearsal, call) in enumerate(chosen)
        ]
        n_calls = sum(len(rehearsal.calls) for rehearsal in rehearsals)
        return count(attempts, f"{len(chosen)} of {n_calls} system calls of {len(rehearsals)} kinds of save")


def _break_off(rehearsal: Rehearsal, call: Call, folder: Path) -> str | None:
    shutil.copytree(rehearsal.old, folder)
    child = with_fault(rehearsal.kind, folder, call, "signal=SIGKILL")
    if child.code != -signal.SIGKILL:
        return f"it was not killed: exit code {child.code}: {child.last_line}"
    problem = rehearsal.problem(folder)
    shutil.rmtree(folder)
    return problem


TRIALS = (Trial("R2", "SIGKILL at a system call of a save; the old or the new state is found", break_off, 1000, 8),)
