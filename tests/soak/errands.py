"""What children do: real commands and workflows, on the tiny contests of `tests/workflows`."""

from __future__ import annotations

import datetime
import errno
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from podium import durable
from podium.cli import main
from podium.crossval.start_run import start_run
from podium.dataset import FoldOptions
from podium.machine import Silent
from podium.tables import load_samples, save_samples
from podium.workflows import resume, train
from tiny import contest as tiny_contest
from tiny.nursery import NoWaiting

from .stale_files import stale_files

__all__ = [
    "command",
    "go_on",
    "go_on_at_odd_times",
    "go_on_to_step",
    "help_with",
    "hold",
    "make_contest",
    "nothing",
    "start_mine",
]


def make_contest(folder: str, shape: str) -> None:
    """Three dozen images and their labels, saved in `folder`/samples."""
    save_samples(tiny_contest.make_samples(Path(folder) / "images", shape), Path(folder) / "samples")


def command(arguments: Sequence[str], *, waits: bool = False) -> int:
    """`podium ARGUMENTS`.

    Args:
        arguments: Words of the command line.
        waits: Wait for the disk, as outside of trials; it makes no difference to a process that is killed.
    """
    if waits:
        return main(arguments)
    with durable.using_backend(NoWaiting()):
        return main(arguments)


def go_on(root: str, samples: str, lines: Sequence[str], every_s: float = 0.0) -> None:
    """Train the run "mine", or go on with it where it is there."""
    with durable.using_backend(NoWaiting()):
        tiny_contest.go_on(Path(root), Path(samples), lines, every_s=every_s)


class _StopAtStep:
    """Sends this very process SIGTERM after a step of a run, all folds counted; 0 never does."""

    def __init__(self, step: int, number: int) -> None:
        self._step, self._number = step, number
        self._n_seen = 0

    @contextmanager
    def stage(self, title: str, total: int) -> Iterator[Any]:
        def update(_done: int) -> None:
            self._n_seen += title.startswith("fold")
            if title.startswith("fold") and self._n_seen == self._step:
                os.kill(os.getpid(), self._number)

        yield update

    def note(self, line: str) -> None:
        print(line, flush=True)


def go_on_to_step(
    root: str,
    samples: str,
    lines: Sequence[str],
    step: int = 0,
    number: int = signal.SIGTERM,
    every_s: float = 1000.0,
    name: str = "mine",
    cloud_drive: bool = False,
    threads: int = 1,
) -> None:
    """Like `go_on`, and be stopped by a signal after this many more steps.

    Args:
        root: Folder of runs and cache.
        samples: Folder of saved samples.
        lines: Recipe lines.
        step: Steps from now, all folds counted; 0 for no stop.
        number: The signal.
        every_s: Seconds between checkpoints.
        name: The run's name.
        cloud_drive: Whether checkpoints are overwritten in place.
        threads: Threads that make images; a run that is there computes with as many as it began with.
    """
    settings = tiny_contest.make_settings(
        Path(root), checkpoint_seconds=every_s, cloud_drive=cloud_drive, threads=threads
    )
    progress = _StopAtStep(step, number)
    with durable.using_backend(NoWaiting()):
        if (settings.runs / name / "run.json").is_file():
            resume(name, settings=settings, progress=progress)
        else:
            recipe = tiny_contest.make_recipe(*lines)
            train(load_samples(Path(samples)), recipe=recipe, folds=2, name=name, settings=settings, progress=progress)


class _Marks:
    """Writes a line for every step of a training, with the process that took it, into a file that several share."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    @contextmanager
    def stage(self, title: str, total: int) -> Iterator[Any]:
        def update(done: int) -> None:
            if title.startswith("fold "):
                os.write(self._file, f"{title};{done};{os.getpid()}\n".encode())

        yield update

    def note(self, line: str) -> None:
        print(line, flush=True)


def start_mine(root: str, samples: str, lines: Sequence[str], n_folds: int) -> None:
    """Make the run folder "mine", ready to be trained."""
    settings = tiny_contest.make_settings(Path(root))
    with durable.using_backend(NoWaiting()):
        folds = FoldOptions(folds=n_folds)
        recipe = tiny_contest.make_recipe(*lines)
        start_run(load_samples(Path(samples)), recipe, folds, settings, Silent(), name="mine")


def help_with(root: str, marks: str, has_file_locks: bool = True, stale_s: float = 0.0) -> int:
    """Train what nobody else trains of the run "mine"; gives how many folds are left.

    Args:
        root: Folder of runs and cache.
        marks: File that gets a line for every step.
        has_file_locks: Whether the file system has locks; where not, podium has a way of its own.
        stale_s: How old attributes and listings may be that this process sees, as on a network drive.
    """
    if not has_file_locks:
        durable.lock._lock = _no_locks  # type: ignore[attr-defined]
    settings = tiny_contest.make_settings(Path(root), checkpoint_seconds=0.0)
    drive = stale_files(root, stale_s) if stale_s else nullcontext()
    with durable.using_backend(NoWaiting()), drive:
        run = resume("mine", settings=settings, progress=_Marks(Path(marks)))
    return len(run.folder.folds_left())


def nothing() -> None:
    """An errand to look at how a child runs."""


def go_on_at_odd_times(root: str, samples: str, lines: Sequence[str], step: int, name: str, seed: int) -> None:
    """Like `go_on_to_step`, saving every step, while every look at the clock gives another year."""
    rng = random.Random(seed)

    def jump() -> float:
        return rng.uniform(-20, 20) * 365 * 24 * 3600

    class OddTime(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> OddTime:
            moment = super().now(tz) + datetime.timedelta(seconds=jump())
            return moment if isinstance(moment, cls) else cls.fromtimestamp(moment.timestamp(), tz)

    real_time, real_class = time.time, datetime.datetime
    time.time = lambda: real_time() + jump()
    datetime.datetime = OddTime  # type: ignore[misc]
    for module in [module for name, module in sys.modules.items() if name.startswith("podium.")]:
        if getattr(module, "datetime", None) is real_class:
            module.datetime = OddTime  # type: ignore[attr-defined]
    go_on_to_step(root, samples, lines, step, every_s=0.0, name=name)


def hold(folder: str, seconds: float, has_file_locks: bool) -> list[float]:
    """Lock a folder for a while; gives when the lock was held, from and to.

    Args:
        folder: The folder.
        seconds: How long.
        has_file_locks: Whether the file system has locks; where not, podium has a way of its own.
    """
    if not has_file_locks:
        durable.lock._lock = _no_locks  # type: ignore[attr-defined]
    with durable.hold_lock(folder):
        taken = time.monotonic()
        Path(folder, "taken").touch()
        time.sleep(seconds)
        return [taken, time.monotonic()]


def _no_locks(_descriptor: int) -> None:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
