"""Who holds a lock: the record in the lock file, and whether that process still lives."""

from __future__ import annotations

import datetime
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from podium.durable.atomic import encode_json
from podium.durable.read import decode_json
from podium.durable.regular import open_regular
from podium.errors import LockedError

__all__ = ["Holder", "describe_self", "encode_holder", "is_gone", "locked_error", "read_holder"]

# The winner writes its name just after it has the lock; the loser waits this long for it.
_WAIT_S = 0.5


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a lock.

    Attributes:
        pid: Its process number.
        host: Name of its machine.
        started: When it took the lock, in UTC; for people, nothing is ordered by it.
        mark: Boot and start of the process where the system tells (Linux), else empty. Process numbers come again,
            above all after a reboot; marks do not.
    """

    pid: int
    host: str
    started: str
    mark: str


def describe_self() -> Holder:
    """This process as a holder."""
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Holder(os.getpid(), socket.gethostname(), started, process_mark(os.getpid()))


def encode_holder(holder: Holder) -> bytes:
    """The holder as the lock file's content."""
    return encode_json(asdict(holder)) + b"\n"


def read_holder(path: Path) -> Holder | None:
    """The holder a lock file names; None when there is none or it is unreadable."""
    try:
        with open_regular(path) as file:
            record = decode_json(file.read())
        return Holder(int(record["pid"]), str(record["host"]), str(record["started"]), str(record["mark"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def locked_error(path: Path) -> LockedError:
    """The error for a lock that another holds; waits a moment for the holder's name."""
    deadline = time.monotonic() + _WAIT_S
    while (holder := read_holder(path)) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    if holder is None:
        who = "another process"
    else:
        same = " (this very process)" if holder.pid == os.getpid() and holder.host == socket.gethostname() else ""
        who = f"process {holder.pid} on {holder.host}, since {holder.started}{same}"
    return LockedError(
        f"this folder is in use by {who}.", where=path.parent, fix="Wait for it to end, or choose another run folder."
    )


def is_gone(holder: Holder) -> bool:
    """Whether this holder surely does not live any more. Of another machine's processes nothing is sure."""
    if holder.host != socket.gethostname() or os.name == "nt":  # asking for a process ends it on Windows
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    mark = process_mark(holder.pid)
    return bool(mark and holder.mark and mark != holder.mark)


def process_mark(pid: int) -> str:
    """Boot of the machine and start of the process, as Linux tells them; elsewhere empty."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # The name of the program, in brackets, may hold anything; the start is the 20th field after it.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return f"{boot}:{fields[19]}"
    except (OSError, IndexError):
        return ""
