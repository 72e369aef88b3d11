"""Trackers that fail in twenty ways, registered as a user registers one of their own."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import sys
import threading
import time

import podium
from podium.trackers.tracker import Tracker


def _raise(error: BaseException) -> None:
    raise error


def _sleep() -> None:
    while True:
        time.sleep(100)


def _deaf_sleep() -> None:
    """As a library that keeps the interpreter's lock while it waits."""
    ctypes.PyDLL(None).sleep(100)


def _spin() -> None:
    while True:
        pass


def _flood() -> None:
    """More output than any pipe takes."""
    for _ in range(200):
        os.write(1, b"x" * 65536)
        os.write(2, b"x" * 65536)


def _break_torch() -> None:
    sys.modules["torch"] = None  # type: ignore[assignment]
    raise ImportError("libcudart.so.12: cannot open shared object file")


FAULTS = {
    "error": lambda: _raise(RuntimeError("refused")),
    "full_disk": lambda: _raise(OSError(errno.ENOSPC, "No space left on device")),
    "no_network": lambda: _raise(ConnectionError("name resolution failed")),
    "ctrl_c": lambda: _raise(KeyboardInterrupt()),
    "system_exit": lambda: _raise(SystemExit(0)),
    "no_memory": lambda: _raise(MemoryError()),
    "hang": _sleep,
    "deaf_hang": _deaf_sleep,
    "spin": _spin,
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "crash": lambda: os.abort(),
    "exit": lambda: os._exit(0),
    "flood": _flood,
    "broken_import": _break_torch,
    "missing_package": lambda: _raise(ModuleNotFoundError("No module named 'tracker9'")),
    "thread": lambda: threading.Thread(target=_sleep).start(),
}


class Faulty(Tracker):
    """Fails in the event that the environment variable FAULT names, and keeps a diary in its folder."""

    def start(self, run):  # type: ignore[no-untyped-def]
        self.folder = run.folder
        self._do("start", {"id": run.id, "name": run.name, "group": run.group, "config": dict(run.config)})

    def log(self, epochs):  # type: ignore[no-untyped-def]
        self._do("log", [[epoch.place, epoch.epoch, epoch.number, dict(epoch.values)] for epoch in epochs])

    def finish(self, results):  # type: ignore[no-untyped-def]
        pictures = {name: len(png) for name, png in results.pictures.items()}
        files = [path.name for path in results.files]
        self._do("finish", [results.number, dict(results.scores), dict(results.folds), pictures, files])

    def close(self, *, is_done):  # type: ignore[no-untyped-def]
        self._do("close", is_done)

    def _do(self, event: str, what: object) -> None:
        fault, _, at = os.environ.get("FAULT", "none:none").partition(":")
        if at == event:
            FAULTS[fault]()
        with (self.folder / "diary.jsonl").open("a") as file:
            file.write(json.dumps([event, what]) + "\n")


podium.register_tracker("faulty", Faulty)
