"""R8: decode workers that are killed, that hang, or that cannot be had cost nothing but time, and the cause is told;
none outlives the process it works for.
"""

from __future__ import annotations

import ctypes
import os
import random
import resource
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from podium.data import build_cache
from podium.data.image_cache import FACTS_NAME, PIXELS_NAME
from podium.tables import Samples, as_text_array

from .children import Child, start
from .trial import Figure, Trial, count, within

__all__ = ["TRIALS", "build"]

_N_IMAGES, _SIDE_PX = 160, 24
_DEADLINE_S = 1.5
_ORPHAN_S = 5.0
_MOST_KILLS = 6
# With so many descriptors left the build must get through: a thread reads an image, another process's file is written.
_ENOUGH_DESCRIPTORS = 12
_MEMORY_MIB = 1200
_NEW_MOUNTS, _PRIVATE, _RECURSIVE, _READ_ONLY = 0x00020000, 1 << 18, 1 << 14, 1

Problem = str | None


# -------------------------------------------------------------------------------------------------- in the children


def build(root: str, folder: str, shortage: str, amount: int) -> dict[str, Any]:
    """Build the cache while the system lacks something; what was announced meanwhile."""
    said: list[str] = []
    _SHORTAGES[shortage](amount)
    build_cache(
        _samples(Path(root)),
        folder,
        height=_SIDE_PX,
        width=_SIDE_PX,
        n_threads=2,
        deadline_s=_DEADLINE_S,
        memory_mib=_MEMORY_MIB,
        announce=said.append,
    )
    return {"said": said}


def _leave_descriptors(n: int) -> None:
    """Let this process and its children open n further files."""
    in_use = {int(path.name) for path in Path("/proc/self/fd").iterdir()}  # one of them is the listing itself
    limit, free = 0, -1
    while free < n:
        free += limit not in in_use
        limit += 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def _leave_memory(mib: int) -> None:
    """Let this process and its children grow by so many MiB of address space."""
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + mib * 2**20,) * 2)


def _leave_worker_memory(mib: int) -> None:
    """Let the workers, but not this process, have so many MiB of address space: too few to start with, or to decode."""
    from podium.images import keeper

    spawn = keeper._spawn

    def spawn_poor(memory_mib: int) -> Any:
        before = resource.getrlimit(resource.RLIMIT_AS)
        process = spawn(memory_mib)
        resource.prlimit(process.pid, resource.RLIMIT_AS, (mib * 2**20, before[1]))
        return process

    keeper._spawn = spawn_poor


def _take_shared_memory(is_full: int) -> None:
    """Put a full or a read-only file system in the place of /dev/shm, for this process and its children."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_MOUNTS) != 0:
        return  # not allowed here; the watch for files in /dev/shm remains
    libc.mount(b"none", b"/", None, _PRIVATE | _RECURSIVE, None)
    libc.mount(b"tmpfs", b"/dev/shm", b"tmpfs", 0 if is_full else _READ_ONLY, b"size=4k")
    for name in ("full", "more"):
        with suppress(OSError):
            Path(f"/dev/shm/{name}").write_bytes(bytes(1 << 16))
    assert sum(path.stat().st_size for path in Path("/dev/shm").iterdir()) <= 4096


_SHORTAGES: dict[str, Callable[[int], None]] = {
    "nothing": lambda _: None,
    "descriptors": _leave_descriptors,
    "memory": _leave_memory,
    "worker memory": _leave_worker_memory,
    "shared memory": _take_shared_memory,
}


# ------------------------------------------------------------------------------------------------------- the trials


def _samples(root: Path) -> Samples:
    names = as_text_array(sorted(path.name for path in root.iterdir()))
    return Samples(root, names, names)


def _draw(root: Path) -> Path:
    """Images that take some milliseconds each, few of them distinct."""
    root.mkdir()
    for number in range(_N_IMAGES):
        path = root / f"{number:03d}.png"
        if number < 8:
            pixels = np.random.default_rng(number).integers(0, 256, (330, 300 + number, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(path, compress_level=1)
        else:
            shutil.copyfile(root / f"{number % 8:03d}.png", path)
    return root


@cache
def _expected(root: Path) -> dict[str, bytes]:
    """Bytes of the files of a cache that nothing disturbed."""
    cache = build_cache(
        _samples(root), root.parent / "expected", height=_SIDE_PX, width=_SIDE_PX, n_threads=1, isolation="thread"
    )
    assert cache.is_usable.all()
    return _content(cache.folder)


def _content(place: Path) -> dict[str, bytes]:
    return {name: (place / name).read_bytes() for name in (PIXELS_NAME, FACTS_NAME)}


def _workers(owner: int) -> list[int]:
    """Process ids of the decode workers of a process, ended ones left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if any(word.endswith(b"worker_start.py") for word in words) and str(owner).encode() in words:
                    found.append(int(entry.name))
    return found


def _busy_workers(owner: int) -> list[int]:
    """Those that have the file of pixels open, so have begun."""
    return [pid for pid in _workers(owner) if any(PIXELS_NAME in name for name in _open_files(pid))]


def _open_files(pid: int) -> list[str]:
    names = []
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                names.append(str(entry.readlink()))
    return names


def _orphan_problem(owner: int) -> Problem:
    """Whether workers outlive their owner by more than they may."""
    end = time.monotonic() + within(_ORPHAN_S)
    while orphans := _workers(owner):
        if time.monotonic() > end:
            return f"{len(orphans)} workers live {_ORPHAN_S:g} s after their owner"
        time.sleep(0.02)
    return None


def _start(root: Path, folder: Path, shortage: str = "nothing", amount: int = 0) -> Child:
    return start("soak.workers:build", root, folder, shortage, amount, at=root.parent)


def _difference(root: Path, folder: Path) -> Problem:
    expected = _expected(root)
    (place,) = [path for path in folder.iterdir() if path.is_dir()]
    if _content(place) == expected:
        return None
    import pyarrow.parquet as pq

    outcomes = Counter(value.decode() for value in pq.read_table(place / FACTS_NAME)["outcome"].to_pylist())
    return f"the cache differs from an undisturbed one; outcomes {dict(outcomes)}"


def _end_problem(child: Child, root: Path, folder: Path, words: str | None) -> Problem:
    """Whether a build got through with the right bytes, and said what it should."""
    code = child.wait()
    if code:
        return f"exit code {code}: {child.last_line}"
    said = child.answer["value"]["said"]
    if words is not None and not any(words in line for line in said):
        return f"does not say {words!r}: {said}"
    if words is None and said:
        return f"says {said} for no reason"
    return _difference(root, folder) or _orphan_problem(child.pid)


def _kill(root: Path, folder: Path, rng: random.Random) -> Problem:
    """Kill workers at random instants of a build."""
    child, n_kills = _start(root, folder), 0
    for _ in range(rng.randint(1, _MOST_KILLS)):
        time.sleep(rng.uniform(0.0, 0.5))
        if (workers := _busy_workers(child.pid)) and child.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(rng.choice(workers), signal.SIGKILL)
                n_kills += 1
    problem = _end_problem(child, root, folder, "SIGKILL" if n_kills else None)
    # One that had nothing more to do is not missed.
    return None if problem and problem.startswith("does not say") and n_kills == 1 else problem


def _hang(root: Path, folder: Path, rng: random.Random) -> Problem:
    """Stop a worker in the middle, which then neither works nor ends."""
    child, is_stopped = _start(root, folder), False
    time.sleep(rng.uniform(0.0, 0.3))
    while child.poll() is None and not is_stopped:
        if workers := _busy_workers(child.pid):
            os.kill(rng.choice(workers), signal.SIGSTOP)
            is_stopped = True
    if not is_stopped:
        return "no worker was met"
    return _end_problem(child, root, folder, f"hung for {_DEADLINE_S:g} s")


def _lack_descriptors(root: Path, folder: Path, rng: random.Random) -> Problem:
    n = rng.randint(0, 2 * _ENOUGH_DESCRIPTORS)
    child = _start(root, folder, "descriptors", n)
    code = child.wait()
    if code == 1 and n < _ENOUGH_DESCRIPTORS:
        return _named_problem(child, "too many open files") or _orphan_problem(child.pid)
    if code:
        return f"{n} descriptors: exit code {code}: {child.last_line}"
    said = child.answer["value"]["said"]
    if any("too many open files" not in line for line in said):
        return f"{n} descriptors: {said}"
    return _difference(root, folder) or _orphan_problem(child.pid)


def _lack_memory(root: Path, folder: Path, rng: random.Random) -> Problem:
    """Workers, or all, have too little memory to start, to decode, or just enough."""
    kind, mib = ("worker memory", rng.choice([20, 60, 120, 250, 400, 1000]))
    if rng.random() < 0.4:
        kind, mib = "memory", rng.choice([0, 1, 4, 16, 64, 256, 1024])
    child = _start(root, folder, kind, mib)
    code = child.wait()
    if code == 1:
        return _named_problem(child, "memory") or _orphan_problem(child.pid)
    if code:
        return f"{kind} {mib}: exit code {code}: {child.last_line}"
    problem = _difference(root, folder)
    return (problem and f"{kind} {mib}: {problem}") or _orphan_problem(child.pid)


def _named_problem(child: Child, words: str) -> Problem:
    what = str(child.answer.get("what", ""))
    return None if words in what.lower() else f"the cause is not named: {what or child.last_line}"


def _lack_shared_memory(root: Path, folder: Path, rng: random.Random) -> Problem:
    child = _start(root, folder, "shared memory", rng.randint(0, 1))
    while child.poll() is None:
        for pid in [child.pid, *_workers(child.pid)]:
            used = [name for name in _open_files(pid) if name.startswith("/dev/shm")]
            if used:
                return f"shared memory is used: {used}"
        time.sleep(0.02)
    return _end_problem(child, root, folder, None)


def _orphan(root: Path, folder: Path, rng: random.Random) -> Problem:
    """Kill the owner while its workers start, work, or stand still."""
    child = _start(root, folder)
    while not _workers(child.pid):
        if child.poll() is not None:
            return f"no worker was met: {child.last_line}"
    time.sleep(rng.uniform(0.0, 0.8))
    if rng.random() < 0.3 and (busy := _busy_workers(child.pid)):
        with suppress(ProcessLookupError):
            os.kill(busy[0], signal.SIGSTOP)
    child.send(signal.SIGKILL)
    child.wait()
    return _orphan_problem(child.pid)


def _repeat(attempt: Callable[[Path, Path, random.Random], Problem], n: int, folder: Path) -> Figure:
    root = _draw(folder / "images")
    seed = int.from_bytes(os.urandom(4), "big")

    def attempts() -> Iterator[tuple[str, Callable[[], Problem]]]:
        for number in range(n):
            place = folder / f"cache-{number}"
            name = f"attempt {number} of seed {seed}"
            yield name, partial(attempt, root, place, random.Random(seed + number))
            shutil.rmtree(place, ignore_errors=True)

    return count(attempts())


TRIALS = (
    Trial("R8", "decode workers killed at random", partial(_repeat, _kill), 25, 1),
    Trial("R8", "decode workers that hang", partial(_repeat, _hang), 25, 1),
    Trial("R8", "file descriptors run out", partial(_repeat, _lack_descriptors), 25, 1),
    Trial("R8", "memory runs out", partial(_repeat, _lack_memory), 25, 1),
    Trial("R8", "no shared memory", partial(_repeat, _lack_shared_memory), 25, 1),
    Trial("R8", "no workers 5 s after their owner is killed", partial(_repeat, _orphan), 50, 2),
)
