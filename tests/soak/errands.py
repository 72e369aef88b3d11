"""What children do: real commands and workflows, on the tiny contests of `tests/workflows`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from podium import durable
from podium.cli import main
from podium.tables import load_samples, save_samples
from podium.workflows import resume, train
from workflows import tiny_contest
from workflows.nursery import NoWaiting

__all__ = ["command", "go_on", "go_on_to_step", "make_contest", "nothing"]


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
) -> None:
    """Like `go_on`, and be stopped by a signal after this many more steps."""
    settings = tiny_contest.make_settings(Path(root), checkpoint_every_s=every_s, cloud_drive=cloud_drive)
    progress = _StopAtStep(step, number)
    with durable.using_backend(NoWaiting()):
        if (settings.runs / name / "run.json").is_file():
            resume(name, settings=settings, progress=progress)
        else:
            recipe = tiny_contest.make_recipe(*lines)
            train(load_samples(Path(samples)), recipe=recipe, folds=2, name=name, settings=settings, progress=progress)


def nothing() -> None:
    """An errand to look at how a child runs."""
