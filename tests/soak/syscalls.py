"""Saves traced, and broken off or failed at one system call, by strace: it attaches to a child that waits at its gate,
so the calls it counts are those of the save; those of its first thread, which is the one that writes.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .children import Child, start

__all__ = ["Call", "traced", "why_impossible", "with_fault"]

TRACED = (
    *("openat", "write", "pwrite64", "writev", "fsync", "fdatasync", "msync", "fallocate", "ftruncate", "truncate"),
    *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "flock"),
)
_LINE = re.compile(r"^(\w+)\((.*)$")
_OPENS_TO_WRITE = re.compile(r"O_(CREAT|RDWR|WRONLY)")


@dataclass(frozen=True)
class Call:
    """One system call of a save.

    Attributes:
        name: Its name.
        number: The how manieth of this name, from 1.
        arguments: As strace shows them.
    """

    name: str
    number: int
    arguments: str

    @property
    def changes(self) -> bool:
        """Whether it changes a file or a folder, or waits for the disk to have it."""
        if self.name == "openat":
            return bool(_OPENS_TO_WRITE.search(self.arguments))
        return self.name != "flock"

    @property
    def takes_space(self) -> bool:
        """Whether a full disk refuses it."""
        if self.name == "openat":
            return "O_CREAT" in self.arguments
        return self.name in {"write", "pwrite64", "writev", "fsync", "fallocate", "mkdir", "mkdirat"}

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


@cache
def why_impossible() -> str | None:
    """Why calls cannot be traced here; None where they can."""
    if sys.platform != "linux" or shutil.which("strace") is None:
        return "strace is not installed"
    child = start("soak.errands:nothing", at=Path("/"), is_gated=True)
    try:
        tracer = _attach(child, "-e", "trace=openat")
    except PermissionError as error:
        child.release()
        child.wait()
        return str(error)
    child.release()
    child.wait()
    _end(tracer)
    return None


def traced(kind: str, folder: Path) -> list[Call]:
    """The calls of a save that touch its folder, in order; the save is made."""
    log = folder.with_suffix(".trace")
    child = _start_save(kind, folder, "-y", "-o", str(log), "-e", f"trace={_known()}")
    code = child.wait()
    assert code == 0, f"{kind}: exit code {code}: {child.said}"
    seen: Counter[str] = Counter()
    calls = []
    for line in log.read_text(errors="replace").splitlines():
        if match := _LINE.match(line):
            name, arguments = match.groups()
            seen[name] += 1
            if str(folder) in arguments:
                calls.append(Call(name, seen[name], arguments))
    log.unlink()
    return calls


def with_fault(kind: str, folder: Path, call: Call, fault: str, *, from_there_on: bool = False) -> Child:
    """Make a save whose system call meets a fault; gives the child when it has ended.

    Args:
        kind: Kind of save.
        folder: Its folder, in the old state.
        call: The call.
        fault: Such as "signal=SIGKILL" or "error=EIO".
        from_there_on: All later calls of this name meet it too.
    """
    when = f"{call.number}+" if from_there_on else f"{call.number}"
    rules = ("-e", f"trace={call.name}", "-e", f"inject={call.name}:{fault}:when={when}")
    child = _start_save(kind, folder, "-o", "/dev/null", *rules)
    child.wait()
    return child


def _start_save(kind: str, folder: Path, *options: str) -> Child:
    child = start("soak.saves:save", kind, folder, at=folder, is_gated=True)
    tracer = _attach(child, *options)
    child.release()
    child.wait()
    _end(tracer)
    return child


def _attach(child: Child, *options: str) -> subprocess.Popen[str]:
    """A tracer at work on a waiting child."""
    command = ["strace", *options, "-p", str(child.pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert tracer.stderr is not None
    said = tracer.stderr.readline()
    if "attached" not in said:
        said += tracer.stderr.read()
        tracer.wait()
        tracer.stderr.close()
        raise PermissionError(f"strace cannot attach: {said.strip().splitlines()[0] if said.strip() else 'no word'}")
    return tracer


def _end(tracer: subprocess.Popen[str]) -> None:
    try:
        tracer.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.communicate()


@cache
def _known() -> str:
    """The calls that this strace knows on this machine, for its option; arm64 has no rename, for one."""
    names = []
    for name in TRACED:
        found = subprocess.run(["strace", "-e", f"trace={name}", "-o", "/dev/null", "true"], capture_output=True)
        if found.returncode == 0:
            names.append(name)
    return ",".join(names)
