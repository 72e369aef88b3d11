"""How `podium serve` holds under load: answers and refusals a second, latency, memory; at half, one and twice capacity.

    .venv/bin/python benchmarks/serving.py DEPLOYED IMAGE... [--seconds 20] [--storm 100000] [-- OPTIONS OF SERVE]

Starts a server on a free port. Capacity is what 32 connections that always ask get answered in a second. Then requests
come at half, one and twice that rate, evenly spaced, whether or not answers come (httpx, in this process, on the same
cores). Every answer is compared with that of `podium.load_model`. With `wrk` on the PATH, a storm follows: 64 and 256
connections that ask again at once, until it was asked `--storm` times. Latency is that of answers of status 200; of all
answers for wrk. Memory is the resident memory of the server and its decode workers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

import podium

SCRIPT = """
local file = io.open("{image}", "rb"); wrk.body = file:read("*all"); file:close()
wrk.method = "POST"; wrk.headers["Content-Type"] = "image/x"
"""


@dataclass
class Load:
    """What came of some requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    n_wrong: int = 0
    seconds: float = 0.0

    def cells(self) -> list[str]:
        n, times = self.statuses.total(), sorted(self.times)
        p50, p95, p99 = (f"{1000 * times[int(share * (len(times) - 1))]:.0f}" for share in (0.5, 0.95, 0.99))
        others = sum(number for status, number in self.statuses.items() if status not in (200, 503))
        return [
            f"{n:,}",
            f"{n / self.seconds:.0f}",
            f"{self.statuses[200] / self.seconds:.0f}",
            f"{self.statuses[503] / n:.1%}",
            f"{others + self.n_wrong}",
            *(p50, p95, p99, f"{1000 * times[-1]:.0f}"),
        ]


class Client:
    """Asks about images with known answers."""

    def __init__(self, address: str, images: list[Path], model: podium.DeployedModel) -> None:
        self._url = f"{address}/predict"
        self._bodies = [path.read_bytes() for path in images]
        self._wanted = [flat(record["probs"]) for record in model.predict([str(path) for path in images])]
        self._client = httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=120, trust_env=False)

    async def ask(self, row: int, load: Load) -> None:
        started = time.perf_counter()
        answer = await self._client.post(self._url, content=self._bodies[row % len(self._bodies)])
        load.statuses[answer.status_code] += 1
        if answer.status_code == 200:
            load.times.append(time.perf_counter() - started)
            found = flat(answer.json()["images"][0]["probs"])
            wanted = self._wanted[row % len(self._wanted)]
            load.n_wrong += max(abs(a - b) for a, b in zip(found, wanted, strict=True)) > 1e-4

    async def ask_always(self, seconds: float, n_connections: int = 32) -> Load:
        """Connections that ask again as soon as they are answered."""
        load, end = Load(), time.perf_counter() + seconds

        async def one(row: int) -> None:
            while time.perf_counter() < end:
                await self.ask(row, load)
                row += n_connections

        started = time.perf_counter()
        await asyncio.gather(*map(one, range(n_connections)))
        load.seconds = time.perf_counter() - started
        return load

    async def ask_at(self, rate: float, seconds: float) -> Load:
        """Evenly spaced requests, whether or not answers come."""
        load, tasks, loop = Load(), [], asyncio.get_running_loop()
        start = loop.time()
        for row in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, start + row / rate - loop.time()))
            tasks.append(asyncio.create_task(self.ask(row, load)))
        load.seconds = loop.time() - start
        await asyncio.gather(*tasks)
        return load


def main() -> None:
    arguments, more = sys.argv[1:], []
    if "--" in arguments:
        place = arguments.index("--")
        arguments, more = arguments[:place], arguments[place + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("deployed", type=Path)
    parser.add_argument("images", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--storm", type=int, default=100_000)
    options = parser.parse_args(arguments)
    command = [sys.executable, "-m", "podium", "serve", str(options.deployed), "--port", "0", "--json", *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            measure(json.loads(server.stdout.readline()), options)
        finally:
            server.terminate()
            print(f"\nended with {server.wait()}")


def measure(record: dict[str, Any], options: argparse.Namespace) -> None:
    """The table."""
    model = podium.load_model(options.deployed, engine=record["engine"], threads=1)
    backbone = model.record.record["model"]["backbone"]
    print(f"{record['engine']}, {backbone}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| load | requests | asked/s | answered/s | 503 | other or wrong | p50 ms | p95 | p99 | most | MiB |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    print(f"| at the start | 0 |{' |' * 8} {memory_mib(record['pid']):.0f} |", flush=True)
    asyncio.run(ask_with_httpx(record, options, model))
    if shutil.which("wrk"):
        n_asked, seconds = 0, 10.0
        while n_asked < options.storm:
            for n_connections in (64, 256):
                n_asked += storm(record, options.images[0], n_connections, seconds)
            seconds = 60.0
    asked, lost = counters(record["address"])
    print(f"\nthe server counted {asked:,.0f} requests, {lost:.0f} lost decode workers")


def flat(probs: dict[str, dict[str, float]]) -> list[float]:
    return [value for head in probs.values() for value in head.values()]


async def ask_with_httpx(record: dict[str, Any], options: argparse.Namespace, model: podium.DeployedModel) -> None:
    client = Client(record["address"], options.images, model)
    await client.ask_always(3.0)
    load = await client.ask_always(options.seconds)
    show("httpx, 32 connections", load.cells(), record["pid"])
    capacity = load.statuses[200] / load.seconds
    for share in (0.5, 1.0, 2.0):
        load = await client.ask_at(share * capacity, options.seconds)
        show(f"httpx, {share:g} x capacity", load.cells(), record["pid"])


def storm(record: dict[str, Any], image: Path, n_connections: int, seconds: float) -> int:
    """wrk's closed loop; gives the number of requests."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text(SCRIPT.format(image=image.resolve()))
        wrk = ["wrk", "-t1", f"-c{n_connections}", f"-d{seconds:g}", "--latency", "-s", str(script)]
        said = subprocess.run([*wrk, f"{record['address']}/predict"], capture_output=True, text=True, check=True).stdout
    n = int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    n_refused = int(refused[1]) if refused else 0
    failed = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    n_failed = sum(map(int, failed.groups())) if failed else 0
    times = [in_ms(re.search(rf"{share}%\s+([\d.]+)(\w+)", said)) for share in (50, 90, 99)]
    most = in_ms(re.search(r"Latency\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)", said))
    cells = [f"{n:,}", f"{n / seconds:.0f}", f"{(n - n_refused) / seconds:.0f}", f"{n_refused / n:.1%}", f"{n_failed}"]
    show(f"wrk, {n_connections} connections (p90 for p95)", [*cells, *times, most], record["pid"])
    return n


def in_ms(found: re.Match[str] | None) -> str:
    return "" if found is None else f"{float(found[1]) * {'us': 0.001, 'ms': 1.0, 's': 1000.0}[found[2]]:.0f}"


def show(name: str, cells: list[str], pid: int) -> None:
    print(f"| {name} | {' | '.join(cells)} | {memory_mib(pid):.0f} |", flush=True)


def counters(address: str) -> tuple[float, float]:
    """Requests to /predict, and decode workers that were lost."""
    lines = httpx.get(f"{address}/metrics").text.splitlines()
    asked = [float(line.split()[-1]) for line in lines if line.startswith('podium_requests_total{route="/predict"')]
    return sum(asked), next(
        float(line.split()[-1]) for line in lines if line.startswith("podium_lost_decode_workers_total")
    )


def memory_mib(pid: int) -> float:
    found = subprocess.run(["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, text=True, check=False)
    pids = [pid, *map(int, found.stdout.split())]
    pages = [int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in pids]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1024**2


if __name__ == "__main__":
    main()
