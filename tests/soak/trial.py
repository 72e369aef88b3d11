"""What a trial of a promise gives: how often it was tried, how often it held, and what failed.

The same trials run twice: short in the test suite (`tests/soak/test_*.py`), long in `scripts/soak`, which prints
their figures as a table. A trial takes the number of attempts and a folder to work in, and raises nothing for a broken
promise: it counts it and says what happened.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Figure", "Trial", "count", "within"]

_MOST_FAILURES = 5


@dataclass(frozen=True)
class Figure:
    """How a promise fared.

    Attributes:
        tried: Attempts.
        held: Attempts in which the promise held.
        note: What is worth knowing: kinds of faults, longest time, what was skipped and why.
        failures: The first few that did not hold, a line each.
    """

    tried: int
    held: int
    note: str = ""
    failures: tuple[str, ...] = ()

    @property
    def is_kept(self) -> bool:
        """Whether something was tried and all of it held."""
        return 0 < self.tried == self.held


@dataclass(frozen=True)
class Trial:
    """One promise put to the test.

    Attributes:
        promise: Its name, such as "R1".
        what: What is tried, in a few words, for the table.
        run: Takes the number of attempts and an empty folder.
        n_long: Attempts in `scripts/soak`.
        n_short: Attempts in the test suite.
    """

    promise: str
    what: str
    run: Callable[[int, Path], Figure]
    n_long: int
    n_short: int


def within(promised_s: float) -> float:
    """The seconds that a trial allows: those promised, times PODIUM_SOAK_PATIENCE where others work beside it."""
    return promised_s * float(os.environ.get("PODIUM_SOAK_PATIENCE", "1"))


@dataclass
class _Count:
    tried: int = 0
    held: int = 0
    failures: list[str] = field(default_factory=list)
    longest_s: float = 0.0


def count(attempts: Iterable[tuple[str, Callable[[], str | None]]], note: str = "") -> Figure:
    """Make every attempt and count those that held.

    Args:
        attempts: A name, and a function that gives None where the promise held, else what was wrong. An exception of
            its own counts as broken.
        note: For the figure; the longest attempt is added.
    """
    sum_up = _Count()
    for name, attempt in attempts:
        started = time.monotonic()
        try:
            problem = attempt()
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        sum_up.longest_s = max(sum_up.longest_s, time.monotonic() - started)
        sum_up.tried += 1
        sum_up.held += problem is None
        if problem is not None and len(sum_up.failures) < _MOST_FAILURES:
            sum_up.failures.append(f"{name}: {problem}")
    words = "; ".join(filter(None, [note, f"longest {sum_up.longest_s:.1f} s"]))
    return Figure(sum_up.tried, sum_up.held, words, tuple(sum_up.failures))
