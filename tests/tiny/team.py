"""Processes started as torchrun starts them, without the seconds that torchrun takes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["start_team"]


def start_team(arguments: Sequence[str | Path], n: int = 2) -> list[subprocess.Popen[str]]:
    """`python ARGUMENTS` n times, each told its place; the first leads."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": n, "LOCAL_WORLD_SIZE": n, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    source = Path(__file__).parents[2] / "src"
    started = []
    for rank in range(n):
        said = shared | {"RANK": rank, "LOCAL_RANK": rank, "PYTHONPATH": source, "OMP_NUM_THREADS": 1}
        environ = {**os.environ, **{name: str(value) for name, value in said.items()}}
        command = [sys.executable, *map(str, arguments)]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, env=environ, stdout=pipe, stderr=pipe, text=True))
    return started
