"""R3: a disk that is full, or fails, at any write: the error says what is needed and free, nothing half-written stays,
what was saved before is intact, and the same command goes on when there is space again.

One trial fails single system calls of every kind of save. The other trains on a small disk of its own that fills up at
another point each time, from the first decoded image to the report.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from podium import durable
from podium.errors import CorruptFileError

from .children import Child, start
from .contests import FROZEN, MULTI, WHOLE, Case, difference, scratch
from .crash_points import Rehearsal, points, rehearse
from .syscalls import Call, why_impossible, with_fault
from .trial import Figure, Trial, count

__all__ = ["TRIALS"]

MEGABYTE = 1 << 20
DISK_BYTES = 8 * MEGABYTE
REMOVING = {"unlink", "unlinkat", "rmdir", "ftruncate", "truncate"}


def leftovers(folder: Path) -> list[str]:
    """Temporary files and folders below a folder."""
    return [str(path.relative_to(folder)) for path in folder.rglob(".podium-*.tmp")]


def fail_calls(n: int, folder: Path) -> Figure:
    """Fail n system calls of saves, half of them for a full disk and half for a broken one."""
    if why := why_impossible():
        return Figure(0, 0, f"not possible here: {why}")
    rehearsals = rehearse(folder)
    attempts = []
    for error, is_one in (("ENOSPC", lambda call: call.takes_space), ("EIO", lambda call: call.changes)):
        for rehearsal, call in points(rehearsals, n // 2, is_one=is_one):
            attempt = partial(_fail_call, rehearsal, call, error, folder / f"try-{len(attempts)}")
            attempts.append((f"{rehearsal.kind}, {error} at {call}", attempt))
    kinds = Counter(name.split(", ")[-1].split()[0] for name, _ in attempts)
    note = f"{len(rehearsals)} kinds of save; {', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}"
    return count(attempts, note)


def _fail_call(rehearsal: Rehearsal, call: Call, error: str, folder: Path) -> str | None:
    shutil.copytree(rehearsal.old, folder)
    # A disk that is full stays full; opening for reading, which has the same name as creating, works on it.
    stays_full = error == "ENOSPC" and call.name != "openat"
    child = with_fault(rehearsal.kind, folder, call, f"error={error}", from_there_on=stays_full)
    problem = _complaint(child, folder, error, call) if child.code else None
    problem = problem or rehearsal.problem(folder, is_done=child.code == 0)
    shutil.rmtree(folder)
    return problem


def _complaint(child: Child, folder: Path, error: str, call: Call) -> str | None:
    """What is wrong with the error of a save; None where nothing is."""
    answer = child.answer
    if answer.get("exit_code") != 1:
        return f"exit code {child.code}, {answer or child.last_line}"
    if not str(answer["where"] or "").startswith(str(folder)):
        return f"the error names no path of ours: {answer}"
    said = str(answer["what"])
    if error == "ENOSPC" and not ("disk is full" in said and "needed" in said and "bytes are free" in said):
        return f"needed and free bytes are not told: {said}"
    if call.name not in REMOVING and (found := leftovers(folder)):
        return f"temporary files stay: {found}"
    return None


def fill_disk(n: int, folder: Path) -> Figure:
    """Train on a disk that fills up, n times, at other points."""
    if why := _why_no_disk(folder):
        return Figure(0, 0, f"not possible here: {why}")
    cases = (FROZEN, WHOLE, MULTI)[: 1 + n // 8]
    where: Counter[str] = Counter()
    attempts = []
    for place in range(n):
        case = cases[place % len(cases)]
        share = (place + 0.5) / n
        attempt = partial(_fill_disk, case, share, folder / f"disk-{place}", where)
        attempts.append((f"{case.name}, {share:.0%} of what it needs", attempt))
    figure = count(attempts)
    stages = ", ".join(f"{count} in {name}" for name, count in sorted(where.items()))
    return Figure(figure.tried, figure.held, f"{stages}; {figure.note}", figure.failures)


def _fill_disk(case: Case, share: float, mount: Path, where: Counter[str]) -> str | None:
    with _disk(mount):
        needed = _bytes_needed(case)
        ballast = mount / "ballast"
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, _free(mount) - round(share * needed) // 4096 * 4096)
        child = start("soak.errands:command", case.words(mount, "--checkpoint-seconds", "0"), at=mount)
        if child.wait() == 0:
            return f"it fitted into {share:.0%} of {needed:,} bytes"
        where[_stage(mount)] += 1
        if problem := _complaint_of_command(child, mount) or _lost(mount):
            return problem
        ballast.unlink()
        again = start("soak.errands:command", case.words(mount, "--checkpoint-seconds", "0"), at=mount)
        if again.wait() != 0:
            return f"with space again, exit code {again.code}: {again.last_line}"
        return difference(case, mount / "runs" / "mine")


def _complaint_of_command(child: Child, mount: Path) -> str | None:
    said = next((line for line in child.said.splitlines() if line.startswith("podium: ")), "")
    if child.code != 1:
        return f"exit code {child.code}: {child.last_line}"
    is_told = "needed" in said and "bytes are free" in said
    if not is_told or ("disk is full" not in said and "not enough space" not in said):
        return f"needed and free bytes are not told: {said or child.last_line}"
    if "runs" not in said:
        return f"no path is named: {said}"
    if found := leftovers(mount):
        return f"temporary files stay: {found}"
    return None


def _lost(mount: Path) -> str | None:
    """What cannot be loaded any more."""
    for folder in mount.rglob("checkpoints"):
        try:
            durable.load_newest(folder)
        except CorruptFileError as error:
            return f"no checkpoint can be loaded: {error}"
    return None


def _stage(mount: Path) -> str:
    run = mount / "runs" / "mine"
    if not any((mount / "runs" / ".cache").glob("*/cache.json")):
        return "image cache"
    if not (run / "run.json").is_file():
        return "run folder"
    if (run / "scores.json").is_file():
        return "report"
    if any(run.rglob("checkpoints")):
        return "checkpoints"
    return "models and predictions" if (run / "fold-0").is_dir() else "features"


_NEEDED: dict[Case, int] = {}


def _bytes_needed(case: Case) -> int:
    """Bytes that a disk must have free for the whole run, or a few less: found by halving."""
    if case not in _NEEDED:
        low, high = 0, DISK_BYTES // 4
        while high - low > DISK_BYTES // 32:
            middle = (low + high) // 2
            if _fits(case, middle):
                high = middle
            else:
                low = middle
        _NEEDED[case] = low
    return _NEEDED[case]


def _fits(case: Case, free: int) -> bool:
    with _disk(scratch() / "measured") as mount:
        with (mount / "ballast").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, _free(mount) - free // 4096 * 4096)
        return start("soak.errands:command", case.words(mount, "--checkpoint-seconds", "0"), at=mount).wait() == 0


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@contextmanager
def _disk(mount: Path) -> Iterator[Path]:
    """A small disk in memory, gone after the block."""
    mount.mkdir(parents=True, exist_ok=True)
    _call("mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(mount))
    try:
        yield mount
    finally:
        _call("umount", str(mount))
        mount.rmdir()


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise PermissionError(done.stderr.strip() or f"{command[0]} failed")


def _why_no_disk(folder: Path) -> str | None:
    """Why no disk can be mounted here; None where one can."""
    if sys.platform != "linux" or shutil.which("mount") is None:
        return "no tmpfs on this system"
    try:
        with _disk(folder / "probe"):
            return None
    except OSError as error:
        return f"a disk cannot be mounted ({error})"


TRIALS = (
    Trial("R3", "ENOSPC or EIO from a system call of a save; told, and nothing is lost", fail_calls, 1000, 8),
    Trial("R3", "a disk that fills up during a training, and has space again", fill_disk, 60, 2),
)
