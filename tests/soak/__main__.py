"""The long trials as a table: `scripts/soak [R1 R4 ...] [--quick] [--share S] [--out FILE.json]`.

Exit code 1 if a promise is not kept. A trial that this machine cannot make is told, and is no failure.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from .registry import ALL
from .trial import Figure, Trial


@dataclass(frozen=True)
class Row:
    """A trial and how it went."""

    promise: str
    what: str
    seconds: float
    figure: Figure

    def __str__(self) -> str:
        held = f"{self.figure.held:,} / {self.figure.tried:,}" if self.figure.tried else "-"
        cells = (self.promise, self.what, held, f"{self.figure.note}; {self.seconds:.0f} s in all")
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def main() -> int:
    """Make the trials that were asked for."""
    options = _parse()
    known = sorted({trial.promise for trial in ALL}, key=lambda promise: int(promise[1:]))
    if unknown := set(options.promises) - set(known):
        print(f"no trial of {', '.join(sorted(unknown))}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    chosen = [trial for trial in ALL if trial.promise in (options.promises or known)]
    print(f"{_machine()}\n", flush=True)
    print("| promise | what was tried | held / tried | note |\n|---|---|---|---|", flush=True)
    rows = []
    for trial in chosen:
        n = trial.n_short if options.quick else max(1, round(trial.n_long * options.share))
        rows.append(_try(trial, n))
        print(rows[-1], flush=True)
        if options.out is not None:  # after each, so that a soak that is broken off leaves what it found
            options.out.write_text(json.dumps({"machine": _machine(), "trials": _to_dicts(rows)}, indent=2) + "\n")
    broken = [row for row in rows if row.figure.tried and not row.figure.is_kept]
    for row in broken:
        print(f"\n{row.promise} is not kept: {row.what}", *row.figure.failures, sep="\n  ", flush=True)
    return 1 if broken else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/soak", description="Put the promises of reliability to the test.")
    parser.add_argument("promises", nargs="*", metavar="R1", help="promises to try; all when left out")
    parser.add_argument("--quick", action="store_true", help="as few attempts as the test suite makes")
    parser.add_argument("--share", type=float, default=1.0, help="share of the attempts to make, such as 0.1")
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    return parser.parse_args()


def _try(trial: Trial, n: int) -> Row:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="podium-soak-", ignore_cleanup_errors=True) as folder:
        try:
            figure = trial.run(n, Path(folder))
        except Exception as error:
            figure = Figure(1, 0, "the trial itself broke off", (f"{type(error).__name__}: {error}",))
    return Row(trial.promise, trial.what, time.monotonic() - started, figure)


def _machine() -> str:
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"Python {platform.python_version()}, torch {torch.__version__}, {cores} CPU, {platform.platform()}"


def _to_dicts(rows: Iterable[Row]) -> list[dict[str, object]]:
    return [asdict(row) for row in rows]


if __name__ == "__main__":
    sys.exit(main())
