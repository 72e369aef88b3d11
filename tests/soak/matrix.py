"""R6: what must not change a single bit. Interruptions at every step of a run of two folds and three epochs, threads
and worker processes, how often it is saved, what is shown and where, a process of its own, and clocks that jump.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from podium import durable

from .children import Child, start
from .contests import FROZEN, WHOLE, Case, difference
from .trial import Figure, Trial, count

__all__ = ["TRIALS"]

N_STEPS = 2 * 3 * 3
"""Steps of a run: two folds, three epochs, eighteen training samples in batches of eight."""
CASES = (FROZEN, WHOLE)
Attempt = Callable[[], str | None]


def vary(n: int, folder: Path) -> Figure:
    """All cells of the matrix, or n of them spread over it."""
    cells = _cells(folder)
    chosen = cells if n >= len(cells) else [cells[round((place + 0.5) * len(cells) / n - 0.5)] for place in range(n)]
    return count(chosen, f"{len(chosen)} of {len(cells)} cells")


def _cells(folder: Path) -> list[tuple[str, Attempt]]:
    cells: list[tuple[str, Attempt]] = []

    def add(what: str, case: Case, attempt: Callable[[Case, Path], str | None]) -> None:
        cells.append((f"{what}, {case.name}", partial(attempt, case, folder / str(len(cells)))))

    for case in CASES:
        for step in range(1, N_STEPS + 1):
            add(f"stopped at step {step}", case, partial(_stop_at, step))
        for threads in (2, 3, 4, 8):
            add(f"{threads} threads", case, partial(_use_threads, threads))
        for every_s in (0.0, 0.02, 1000.0):
            add(f"saved every {every_s:g} s", case, partial(_save_every, every_s))
        for options in (["--quiet"], [], ["--json"]):
            add(" ".join(options) or "log lines", case, partial(_show, options))
        add("progress bar on a terminal", case, _show_on_terminal)
        add("a process of its own in another place", case, _run_process)
    return cells


def _end(case: Case, root: Path, child: Child) -> str | None:
    """How the run of a child that must end well differs from the undisturbed one."""
    code = child.wait()
    problem = f"exit code {code}: {child.last_line}" if code else difference(case, root / "runs" / "mine")
    shutil.rmtree(root)
    return problem


def _stop_at(step: int, case: Case, root: Path) -> str | None:
    root.mkdir()
    child = start("soak.errands:go_on_to_step", root, case.samples, case.lines, step, at=root)
    if child.wait() != 75:
        return f"it was not stopped: exit code {child.code}: {child.last_line}"
    return _end(case, root, start("soak.errands:command", case.words(root), at=root))


def _use_threads(threads: int, case: Case, root: Path) -> str | None:
    """Threads that make images, and worker processes that decode; the arithmetic keeps the number it began with."""
    root.mkdir()
    child = start("soak.errands:go_on_to_step", root, case.samples, case.lines, 1, at=root)
    if child.wait() != 75:
        return f"it was not stopped: exit code {child.code}: {child.last_line}"
    durable.remove_tree(root / "runs" / ".cache")
    arguments = (root, case.samples, case.lines, 0, 15, 1000.0, "mine", False, threads)
    return _end(case, root, start("soak.errands:go_on_to_step", *arguments, at=root))


def _save_every(every_s: float, case: Case, root: Path) -> str | None:
    root.mkdir()
    return _end(case, root, start("soak.errands:go_on", root, case.samples, case.lines, every_s, at=root))


def _show(options: list[str], case: Case, root: Path) -> str | None:
    root.mkdir()
    return _end(case, root, start("soak.errands:command", case.words(root, *options), at=root))


def _show_on_terminal(case: Case, root: Path) -> str | None:
    root.mkdir()
    ours, theirs = os.openpty()
    drawn: list[bytes] = []
    reader = threading.Thread(target=_drain, args=(ours, drawn))
    reader.start()
    try:
        child = start("soak.errands:command", case.words(root), at=root, terminal=os.ttyname(theirs))
        problem = _end(case, root, child)
    finally:
        os.close(theirs)
        reader.join()
        os.close(ours)
    shown = b"".join(drawn)
    if problem:
        return f"{problem}; on the terminal: {shown[-500:]!r}"
    return None if b"\x1b[" in shown else "no progress bar was drawn"


def _drain(terminal: int, into: list[bytes]) -> None:
    try:
        while data := os.read(terminal, 1 << 16):
            into.append(data)
    except OSError:  # how Linux says that the other end was closed
        return


def _run_process(case: Case, root: Path) -> str | None:
    root.mkdir()
    words = [sys.executable, "-m", "podium", *case.words(root)]
    odd = {"OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "random", "TZ": "Asia/Seoul", "LC_ALL": "C"}
    done = subprocess.run(words, cwd=root, env={**os.environ, **odd}, capture_output=True, text=True)
    if done.returncode:
        return f"exit code {done.returncode}: {done.stderr.strip()[-300:]}"
    problem = difference(case, root / "runs" / "mine")
    shutil.rmtree(root)
    return problem


def jump_clocks(n: int, folder: Path) -> Figure:
    """Runs under clocks that jump by decades, stopped on the way, their files given dates at random."""
    rng = random.Random()
    return count(
        (f"{place}, {case.name}", partial(_jump, case, folder / str(place), rng))
        for place, case in ((place, CASES[place % len(CASES)]) for place in range(n))
    )


def _jump(case: Case, root: Path, rng: random.Random) -> str | None:
    root.mkdir()

    def go_on(name: str, step: int) -> Child:
        arguments = (root, case.samples, case.lines, step, name, rng.randrange(1 << 30))
        child = start("soak.errands:go_on_at_odd_times", *arguments, at=root)
        child.wait()
        _scramble_dates(root / "runs", rng)
        return child

    # "a" comes last in the alphabet of creation, so neither names nor dates give the order away.
    for name, step in (("mine", 2), ("mine", 4), ("mine", 3), ("a", 1)):
        child = go_on(name, step)
        if child.code != 75:
            return f"exit code {child.code}: {child.last_line}"
    listing = start("soak.errands:command", ["runs", "--json"], at=root)
    listing.wait()
    names = [row["name"] for row in json.loads(listing.said)["runs"]]
    if names != ["mine", "a"]:
        return f"runs are listed as {names}"
    last = start("soak.errands:command", ["train", "--resume", "last", "--quiet"], at=root)
    if last.wait() or not (root / "runs" / "a" / "scores.json").is_file():
        return f"the last run is another: {last.last_line}"
    child = go_on("mine", 0)
    return f"exit code {child.code}: {child.last_line}" if child.code else _end(case, root, child)


def _scramble_dates(folder: Path, rng: random.Random) -> None:
    for path in folder.rglob("*"):
        moment = rng.uniform(0, 4e9)
        os.utime(path, (moment, moment))


TRIALS = (
    Trial("R6", "a cell of the matrix: stop, threads, saving, showing, process", vary, 60, 3),
    Trial("R6", "clocks that jump by decades, files with dates at random", jump_clocks, 20, 1),
)
