"""A server in this process, asked without a socket, and one in a child."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

import podium
from podium.deployed import Answers, DeployedModel
from podium.serve import Guard, ServeOptions, Service, build_app

__all__ = ["Child", "Exported", "Slow", "asked", "form_of", "served"]


@dataclass(frozen=True)
class Exported:
    """An exported model, and images to ask it about."""

    folder: Path
    images: list[Path]

    def load(self) -> DeployedModel:
        """The model, on one thread."""
        return podium.load_model(self.folder, engine="onnxruntime", threads=1)


class Slow(DeployedModel):
    """A model that takes its time for every batch."""

    seconds = 0.0

    @classmethod
    def of(cls, model: DeployedModel, seconds: float) -> Slow:
        """The same model, slowed."""
        slow = cls(model.record, model._graph, model.engine, n_threads=1)
        slow.seconds = seconds
        return slow

    def answer(self, pixels: NDArray[np.uint8], *, ids: Any = None) -> Answers:
        """The same answer, later."""
        time.sleep(self.seconds)
        return super().answer(pixels, ids=ids)


@dataclass(frozen=True)
class Asked:
    """A client, and who answers it."""

    client: httpx.AsyncClient
    service: Service
    log: list[str]


@asynccontextmanager
async def asked(
    model: DeployedModel, *, guard: Guard | None = None, is_ready: bool = True, **options: Any
) -> AsyncIterator[Asked]:
    """A service in this process, asked without a socket."""
    service = Service(model, ServeOptions(**{"decode_workers": 1, "deadline_s": 60.0, **options}))
    log: list[str] = []
    app = build_app(service, guard or Guard(), log=log.append, log_requests=log.append)
    transport = httpx.ASGITransport(app)
    await service.start()
    try:
        if is_ready:
            await service.wait_until_ready()
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=120) as client:
            yield Asked(client, service, log)
    finally:
        await service.close()


def form_of(images: list[Path]) -> list[tuple[str, tuple[str, bytes]]]:
    """The files of a form."""
    return [("files", (path.name, path.read_bytes())) for path in images]


@dataclass(frozen=True)
class Child:
    """A server in a process of its own.

    Args:
        process: The process.
        record: What it printed when it was ready.
    """

    process: subprocess.Popen[str]
    record: dict[str, Any]

    @property
    def address(self) -> str:
        """Where it answers."""
        return str(self.record["address"])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; gives its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def served(folder: Path, *options: str, prelude: str = "") -> Iterator[Child]:
    """A server on a free port; it is killed in the end.

    Args:
        folder: An exported model.
        *options: Options of `podium serve`.
        prelude: Python code that runs before.
    """
    command = ["serve", str(folder), "--port", "0", "--engine", "onnxruntime", "--threads", "1", "--json", *options]
    code = f"{prelude}\nimport sys\nfrom podium.cli import main\nsys.exit(main({command!r}))"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            _, said = process.communicate(timeout=60)
            raise AssertionError(f"the server ended with {process.returncode}: {said}")
        yield Child(process, json.loads(line))
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()
