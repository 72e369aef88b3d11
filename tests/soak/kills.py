"""R1: a run that is killed at random instants, from its first image to its report, ends with the same bytes."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from pathlib import Path

from .children import start
from .contests import CASES, Case, Undisturbed, difference
from .trial import Figure, Trial

__all__ = ["TRIALS"]

MOST_KILLS_A_RUN = 8


def _stage(run: Path) -> str:
    """How far a run is, as its folder tells."""
    if not (run / "run.json").is_file():
        return "decoding"
    if not any(run.glob("fold-0/*/journal.jsonl")):
        return "features"
    return "scoring and report" if (run / "scores.json").is_file() else "training"


def kill_often(
    case: Case, root: Path, rng: random.Random, at_most: int, *, is_decoded: bool
) -> tuple[Counter[str], str | None]:
    """Start a run and kill it until it gets through; where the kills hit, and what differs in the end, if anything."""
    undisturbed = Undisturbed.of(case)
    marks = undisturbed.marks_s
    if is_decoded:
        undisturbed.give_images(root)
    hits: Counter[str] = Counter()
    run = root / "runs" / "mine"
    for _ in range(100):
        child = start("soak.errands:go_on", root, case.samples, case.lines, at=root)
        if hits.total() < at_most:
            # What is decoded stays so: a run that is there takes less time to its end. Each kill leaves less to do.
            is_quick = is_decoded or (run / "run.json").is_file()
            time.sleep(rng.uniform(0, 0.6 * (marks[-1] - marks[0]) if is_quick else marks[-1]))
            child.send(signal.SIGKILL)
        code = child.wait()
        if code == 0:
            return hits, difference(case, run)
        if code != -signal.SIGKILL:
            return hits, f"{case.name}: exit code {code}: {child.last_line}"
        hits[_stage(run)] += 1
    return hits, f"{case.name}: it did not get through"


def kill_at_random(n: int, folder: Path) -> Figure:
    """Kill n times; only kills that ended a running process count."""
    rng = random.Random()
    hits: Counter[str] = Counter()
    held, failures = 0, []
    number = 0
    while hits.total() < n:
        case = CASES[number % len(CASES)]
        root = folder / str(number)
        root.mkdir()
        found, problem = kill_often(case, root, rng, min(MOST_KILLS_A_RUN, n - hits.total()), is_decoded=number % 3 > 0)
        hits += found
        held += 0 if problem else found.total()
        if problem:
            failures.append(f"run {number}: {problem}")
        number += 1
        if not found and number > 10 * n:
            raise RuntimeError("no kill hits a running process")
    where = ", ".join(f"{count} in {name}" for name, count in sorted(hits.items()))
    return Figure(hits.total(), held, f"{number} runs of {len(CASES)} recipes; {where}", tuple(failures[:5]))


TRIALS = (
    Trial("R1", "SIGKILL at a random instant; resumed, the run ends with the same bytes", kill_at_random, 200, 16),
)
