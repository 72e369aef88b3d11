"""R16: a server of answers under load. What is let in is answered in time and right, the rest is refused, memory stays
flat; workers that die and signals lose nothing.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import numpy as np

from tiny.served import Child, Exported, served

from .exported import export
from .trial import Figure, Trial, count, within

__all__ = ["TRIALS"]

IMAGE_S = 0.04
"""What the slowed model takes for an image, so that its capacity is known and the client is not what limits."""
DEADLINE_S = 5.0
FLAT_MIB = 32
_TICK_S = 0.02
SLOWED = (
    "import time\nfrom podium.deployed import DeployedModel as M\nanswer = M.answer\n"
    f"def slow(self, pixels, **more):\n    time.sleep({IMAGE_S} * len(pixels))\n"
    "    return answer(self, pixels, **more)\nM.answer = slow\n"
)
HEARING = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
"""A shell has its background jobs, and so their children, ignore Ctrl-C."""


@dataclass
class Told:
    """What a client was told.

    Args:
        statuses: How often each status came.
        times: Seconds of the requests that were answered.
        seconds: Seconds that the client asked for.
        problems: What should not have been.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        n, times = self.statuses.total(), sorted(self.times) or [0.0]
        p50, p99 = (times[int(share * (len(times) - 1))] for share in (0.5, 0.99))
        shares = ", ".join(f"{number / n:.1%} {status}" for status, number in sorted(self.statuses.items()))
        words = f"{1000 * p50:.0f} ms (median), {1000 * p99:.0f} ms (p99), {1000 * times[-1]:.0f} ms (most)"
        return f"{n / max(self.seconds, 1e-9):.0f} asked a second, {shares}; answered in {words}"


class Client:
    """Asks about images whose answers are known, at a steady rate, whether or not answers come.

    Args:
        child: The server.
        exported: What it serves.
        allowed: Further statuses that are no problem.
    """

    def __init__(self, child: Child, exported: Exported, *, allowed: Sequence[int] = ()) -> None:
        self.told, self._allowed = Told(), {200, 503, *allowed}
        self._bodies = [path.read_bytes() for path in exported.images]
        self._wanted = [record["probs"] for record in exported.load().predict(exported.images)]
        self._address = f"{child.address}/predict"
        self._lag_s = 0.0

    async def ask(self, n: int, per_s: float, *, until: Callable[[], bool] = lambda: False) -> None:
        """`n` requests, or fewer where `until` says so."""
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
        async with httpx.AsyncClient(limits=limits, timeout=within(60), trust_env=False) as client:
            loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()
            watching = asyncio.create_task(self._watch_lag())
            start = loop.time()
            for row in range(n):
                if until():
                    break
                await asyncio.sleep(max(0.0, start + row / per_s - loop.time()))
                task = asyncio.create_task(self._one(client, row % len(self._bodies)))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            self.told.seconds += loop.time() - start
            await asyncio.gather(*tasks)
            watching.cancel()

    async def _watch_lag(self) -> None:
        """Adds up the seconds that this program could not run: a wait in here is none of the server's."""
        while True:
            started = time.perf_counter()
            await asyncio.sleep(_TICK_S)
            self._lag_s += time.perf_counter() - started - _TICK_S

    async def _one(self, client: httpx.AsyncClient, which: int) -> None:
        started, lag_s = time.perf_counter(), self._lag_s
        try:
            answer = await client.post(self._address, content=self._bodies[which])
        except httpx.TransportError as error:
            self.told.statuses[0] += 1
            if 0 not in self._allowed:
                self.told.problems.append(f"{type(error).__name__}: {error}")
            return
        took = time.perf_counter() - started - (self._lag_s - lag_s)
        self.told.statuses[answer.status_code] += 1
        problem = self._problem(answer, which, took)
        if answer.status_code == 200:
            self.told.times.append(took)
        if problem is not None:
            self.told.problems.append(problem)

    def _problem(self, answer: httpx.Response, which: int, took: float) -> str | None:
        if answer.status_code not in self._allowed:
            return f"{answer.status_code}: {answer.text[:200]}"
        if answer.status_code == 503 and int(answer.headers.get("retry-after", 0)) < 1:
            return "503 without Retry-After"
        if answer.status_code == 200:
            if answer.json()["images"][0]["probs"] != self._wanted[which]:
                return "the answer of another image"
            if took > within(DEADLINE_S):
                return f"answered after {took:.1f} s"
        return None


def memory_mib(child: Child) -> float:
    """Resident memory of the server and its workers."""
    pids = [child.process.pid, *worker_pids(child)]
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids]
    return float(np.sum(pages)) * os.sysconf("SC_PAGE_SIZE") / 1024**2


def worker_pids(child: Child) -> list[int]:
    """Its decode workers."""
    asked = ["ps", "--ppid", str(child.process.pid), "-o", "pid="]
    return list(map(int, subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()))


def overload(n: int, folder: Path) -> Figure:
    """Twice what the model can do, for long: right, in time or 503, and no more memory than after a tenth of it."""
    exported = export(folder, "attributes")
    options = ("--deadline-s", str(DEADLINE_S), "--decode-workers", "1")
    with served(exported.folder, *options, prelude=SLOWED) as child:
        client = Client(child, exported)
        asyncio.run(client.ask(max(10, n // 10), 2 / IMAGE_S))
        before = memory_mib(child)
        asyncio.run(client.ask(n - max(10, n // 10), 2 / IMAGE_S))
        after = memory_mib(child)
        code = child.stop()
    problems = client.told.problems
    if after - before > FLAT_MIB:
        problems.append(f"memory rose from {before:.0f} to {after:.0f} MiB")
    if code != 0:
        problems.append(f"it ended with {code}")
    note = f"{client.told}; memory {before:.0f} MiB after a tenth, {after:.0f} MiB in the end"
    return Figure(n, n - len(problems), note, tuple(problems[:5]))


def lost_workers(n: int, folder: Path) -> Figure:
    """Decode workers killed, or stopped as if they hung, under load: others go on, and they are replaced."""
    exported, rng, kinds = export(folder, "multi"), random.Random(2), Counter[str]()
    options = ("--deadline-s", str(DEADLINE_S), "--decode-workers", "2")
    with served(exported.folder, *options) as child:

        async def hurt() -> list[str]:
            problems = []
            for row in range(n):
                number = rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP))
                kinds[number.name] += 1
                pids = worker_pids(child)
                with suppress(ProcessLookupError):
                    os.kill(rng.choice(pids), number) if pids else None
                await asyncio.sleep(rng.uniform(0.5, 4.0))
                if child.process.poll() is not None:
                    return [f"the server died after {row} losses"]
            return problems

        async def both() -> list[str]:
            ends = asyncio.create_task(hurt())
            await client.ask(10**9, 40, until=ends.done)
            return await ends

        client = Client(child, exported, allowed=(422, 504))
        problems = asyncio.run(both())
        time.sleep(DEADLINE_S)  # a stopped worker is noticed within half of it
        last = Client(child, exported)
        asyncio.run(last.ask(20, 40))
        problems += client.told.problems + last.told.problems
        if last.told.statuses != {200: 20}:
            problems.append(f"afterwards {dict(last.told.statuses)}")
    words = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    return Figure(n, max(0, n - len(problems)), f"{words}; {client.told}", tuple(problems[:5]))


def drains(n: int, folder: Path) -> Figure:
    """SIGTERM or Ctrl-C at a random moment under load: exit code 0, and every 200 that was logged was received."""
    exported, rng = export(folder, "single"), random.Random(3)
    return count((str(row), partial(_drain_once, exported, rng)) for row in range(n))


def _drain_once(exported: Exported, rng: random.Random) -> str | None:
    options = ("--deadline-s", str(DEADLINE_S), "--decode-workers", "1", "--log-requests")
    with served(exported.folder, *options, prelude=SLOWED + HEARING) as child:
        client, moment = Client(child, exported, allowed=(0,)), time.monotonic() + rng.uniform(0.1, 2.0)
        number = rng.choice((signal.SIGTERM, signal.SIGINT))
        has_ended = False

        def end() -> bool:
            nonlocal has_ended
            if not has_ended and time.monotonic() > moment:
                child.process.send_signal(number)
                has_ended = True
            return child.process.poll() is not None

        asyncio.run(client.ask(1_500, 80, until=end))
        code = child.process.wait(60)
        assert child.process.stderr is not None
        lines = child.process.stderr.read().splitlines()
    logged = Counter(int(line.split()[2]) for line in lines if line.startswith("POST /predict "))
    received = Counter({status: number for status, number in client.told.statuses.items() if status})
    if code != 0:
        return f"exit code {code}"
    if client.told.problems:
        return client.told.problems[0]
    return None if logged == received and received[200] else f"logged {dict(logged)}, received {dict(received)}"


TRIALS = (
    Trial("R16", "twice the capacity: right and in time, or 503; memory flat", overload, 20_000, 200),
    Trial("R16", "decode workers killed or stopped under load", lost_workers, 60, 3),
    Trial("R16", "SIGTERM or Ctrl-C under load: what was let in is answered", drains, 40, 1),
)
