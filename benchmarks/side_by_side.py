"""Measuring two ways of doing one thing: they take turns, each in a process of its own, and what counts is a ratio.

Every script of this folder that states a claim is built on this. A process prepares itself, does the work once
unmeasured, and then runs when it is told to, so nobody pays for first calls and no two run at a time. One turn of each
makes a round. A verdict compares the ratio of medians over the rounds with the goal; beside it stands the range of the
ratios of single rounds. A full run appends what it prints to `benchmarks/results.md`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results.md"
WORK = ROOT / ".bench-venv" / "work"
SHARED = Path(os.environ.get("PODIUM_SHARED_DATA", ROOT.parent / "shared" / "data"))

Run = Callable[[], Mapping[str, Any]]
"""Does the work once and gives the measured numbers by name."""
Prepare = Callable[[argparse.Namespace], Run]


def read_options(doc: str, *, add: Callable[[argparse.ArgumentParser], Any] | None = None) -> argparse.Namespace:
    """The options that all scripts share, and those that `add` adds."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5, help="rounds; each lets every contestant run once")
    parser.add_argument("--quick", action="store_true", help="little data, two rounds, nothing recorded: does it run?")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    if add is not None:
        add(parser)
    options = parser.parse_args()
    if options.quick:
        options.pairs = min(options.pairs, 2)
    return options


def cpu_seconds() -> float:
    """CPU time of this process, all its threads, and the children it has waited for."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


# ---------------------------------------------------------------------------------------------- processes that compete


class Rival:
    """A contestant in a process of its own, ready to run.

    Attributes:
        name: Its name.
        why_not: Why it cannot take part, or None.
    """

    def __init__(self, name: str, *, threads: int, cores: Sequence[int] | None = None) -> None:
        self.name = name
        environment = os.environ | {
            "OMP_NUM_THREADS": str(threads),
            "MKL_NUM_THREADS": str(threads),
            "PODIUM_BENCH_CORES": ",".join(map(str, cores or [])),
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "YOLO_OFFLINE": "true",
        }
        self._log = WORK / "logs" / f"{Path(sys.argv[0]).stem}-{''.join(c if c.isalnum() else '_' for c in name)}.txt"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, *sys.argv, "--serve", name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            )
        self.why_not = self._hear().get("why_not")

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended before its turn; the end of its log:\n{self._log.read_text()[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def run(self) -> dict[str, Any]:
        """Let it run once."""
        assert self._process.stdin is not None
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        return self._hear()

    def end(self) -> None:
        """Tell it to end, and wait."""
        assert self._process.stdin is not None
        if not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def serve(contestants: Mapping[str, Prepare], options: argparse.Namespace) -> None:
    """In a contestant's process: prepare, run once unmeasured, then once for every line that comes in."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints goes to the log
    if cores := os.environ.get("PODIUM_BENCH_CORES"):
        os.sched_setaffinity(0, [int(core) for core in cores.split(",")])

    def answer(record: Mapping[str, Any]) -> None:
        answers.write(json.dumps(record) + "\n")
        answers.flush()

    try:
        run = contestants[options.serve](options)
        run()
    except Exception as problem:
        traceback.print_exc()
        answer({"why_not": f"{type(problem).__name__}: {str(problem).strip().splitlines()[0] if str(problem) else ''}"})
        return
    answer({})
    for _ in sys.stdin:
        answer(run())


@contextmanager
def rivals(names: Sequence[str], *, threads: int, cores: Sequence[int] | None = None) -> Iterator[list[Rival]]:
    """Those of the contestants that can take part, prepared one after the other; says why one cannot."""
    ready: list[Rival] = []
    try:
        for name in names:
            rival = Rival(name, threads=threads, cores=cores)
            ready.append(rival)
            if rival.why_not is not None:
                print(f"left out: {name}: {rival.why_not}", flush=True)
        yield [rival for rival in ready if rival.why_not is None]
    finally:
        for rival in ready:
            rival.end()


def take_turns(turns: Mapping[str, Run], rounds: int) -> dict[str, list[dict[str, Any]]]:
    """What each gave in each round; every other round goes the other way round, so that no one always comes first."""
    records: dict[str, list[dict[str, Any]]] = {name: [] for name in turns}
    for number in range(rounds):
        for name in list(turns) if number % 2 == 0 else list(reversed(turns)):
            records[name].append(dict(turns[name]()))
            print(f"  round {number + 1} of {rounds}: {name} {_brief(records[name][-1])}", flush=True)
    return records


def _brief(record: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value:.4g}" for key, value in record.items() if isinstance(value, int | float))


# --------------------------------------------------------------------------------------------------------- the verdict


def values(records: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    """One number of every round."""
    return [float(record[key]) for record in records]


def spread(numbers: Sequence[float], digits: int = 3) -> str:
    """Median, then smallest and largest, as two cells of a table."""
    middle, low, high = (significant(f(numbers), digits) for f in (statistics.median, min, max))
    return f"{middle} | {low} to {high}"


def significant(number: float, digits: int = 3) -> str:
    """The number with so many significant digits, written out."""
    if number == 0 or number != number:
        return f"{number:.0f}"
    places = max(0, digits - 1 - int(f"{number:e}".partition("e")[2]))
    return f"{number:,.{places}f}"


@dataclass(frozen=True)
class Ratio:
    """How many times as much one is as the other: ratio of medians, and of single rounds the smallest and largest."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{significant(self.value)} ({significant(self.low)} to {significant(self.high)} in single rounds)"


def ratio(above: Sequence[float], below: Sequence[float]) -> Ratio:
    """`above` against `below`, round by round the same length."""
    single = [a / b for a, b in zip(above, below, strict=True)]
    return Ratio(statistics.median(above) / statistics.median(below), min(single), max(single))


@dataclass
class Block:
    """One measurement, as it is printed and recorded.

    Attributes:
        goal: Its number in the list of goals.
        title: What is claimed.
        options: Of the script.
        packages: Distributions whose versions matter.
    """

    goal: str
    title: str
    options: argparse.Namespace
    packages: Sequence[str]
    setting: str = ""
    lines: list[str] = field(default_factory=list)
    failed_gates: int = 0
    _load: float = field(default_factory=lambda: os.getloadavg()[0])

    def say(self, *lines: str) -> None:
        """Lines of Markdown."""
        self.lines += lines

    def judge(
        self, claim: str, measured: Ratio | float, *, at_least: float | None = None, at_most: float | None = None
    ) -> None:
        """A goal and whether it was met."""
        value = measured.value if isinstance(measured, Ratio) else measured
        is_met = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
        text = str(measured) if isinstance(measured, Ratio) else significant(measured)
        self.say(f"- goal: {claim}. Measured {text}: **{'PASS' if is_met else 'MISS'}**")

    def gate(self, claim: str, is_met: bool, detail: str) -> None:
        """Whether both sides did the same work: a speed without this says nothing."""
        self.failed_gates += not is_met
        self.say(f"- same work: {claim}. {detail}: **{'holds' if is_met else 'FAILS'}**")

    def finish(self) -> int:
        """Print it, record it unless it was a quick run, and give the exit code: 1 where a gate failed."""
        script = Path(sys.argv[0]).stem
        arguments = " ".join([script, *(item for item in sys.argv[1:])])
        head = [
            f"## {self.goal} {self.title}",
            "",
            f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit()}, `scripts/bench {arguments}`, "
            f"{self.options.pairs} rounds.",
            f"{machine()}; load average {self._load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end.",
            f"Python {platform.python_version()}, {versions(self.packages)}.",
            *([self.setting] if self.setting else []),
            "",
        ]
        text = "\n".join([*head, *self.lines]) + "\n"
        print("\n" + text, flush=True)
        if not self.options.quick:
            with RESULTS.open("a") as file:
                file.write("\n" + text)
        return 1 if self.failed_gates else 0


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table with an empty line after it; cells may hold a bar to fill two columns."""
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(row)} |" for row in rows), ""]


def versions(names: Sequence[str]) -> str:
    """Installed versions."""
    found = []
    for name in names:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} absent")
    return ", ".join(found)


def commit() -> str:
    """The commit that was measured, and whether the package differed from it."""
    git = ["git", "-C", str(ROOT)]
    name = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*git, "status", "--porcelain", "src"], capture_output=True, text=True, check=False)
    return (name.stdout.strip() or "unknown") + (" with changes" if changed.stdout.strip() else "")


def machine() -> str:
    """Processor, cores and memory."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        facts = dict(
            (part.strip() for part in line.split(":", 1)) for line in cpuinfo.read_text().splitlines() if ":" in line
        )
        model = f"{facts.get('model name', model)} (family {facts.get('cpu family')}, model {facts.get('model')})"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} cores of {model}, {memory:.0f} GiB, {platform.system()}"


def fresh_folder(name: str) -> Path:
    """An empty folder for this run, under the environment's folder, which git does not see."""
    folder = WORK / name
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def run_command(command: Sequence[str | Path], *, threads: int, folder: Path) -> dict[str, float]:
    """Wall and CPU seconds of a command that must succeed; its output goes to a log in the folder."""
    log = folder / "output.txt"
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
    with log.open("a") as file:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command], stdout=file, stderr=file, env=environment, cwd=folder
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{log.read_text()[-3000:]}")
    return {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime}
