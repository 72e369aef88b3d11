"""The command line as the trials use it: in this process, with what it prints kept, on the smallest model there is."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from podium import durable
from podium.cli import EXIT_CODES, main

__all__ = [
    "LEAKS",
    "TINY",
    "Answer",
    "NoWaiting",
    "ask",
    "ask_well",
    "draw",
    "draw_pets",
    "refusal_problem",
    "watched_streams",
]

TINY = (
    *("--set", "model.name=tiny", "model.weights=random", "image.size_px=32", "image.stored_px=32"),
    *("head.kind=gradient", "training.epochs=1", "training.batch_size=8", "--threads", "1", "--device", "cpu"),
)
"""Options of a training that takes a second."""
LEAKS = ("--allow-leaks", "near_duplicate")
"""Noise of this size looks alike now and then to the leak check."""


class NoWaiting(durable.Backend):
    """The real operations, but for waiting until the disk has them."""

    def fsync(self, descriptor: int) -> None:
        """Nothing."""

    def fsync_dir(self, folder: object) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def record(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def complaint(self) -> str:
        """The lines that say what is wrong; one, where all is as promised."""
        return "\n".join(line for line in self.err.splitlines() if line.startswith("podium: "))

    @property
    def last_line(self) -> str:
        """The end of what was said, for a figure's failures."""
        lines = self.err.strip().splitlines()
        return self.complaint or (lines[-1] if lines else "(nothing)")


def ask(*arguments: object, at: Path | None = None, backend: durable.Backend | None = None) -> Answer:
    """Run `podium ARGUMENTS`.

    Args:
        arguments: Words of the command line.
        at: Folder to run it in; the current one where None.
        backend: What writes go through; one that does not wait for the disk where None.
    """
    out, err = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(at or Path.cwd()))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        stack.enter_context(durable.using_backend(backend or NoWaiting()))
        code = main([str(argument) for argument in arguments])
    return Answer(code, out.getvalue(), err.getvalue())


def ask_well(root: Path, *arguments: object, backend: durable.Backend | None = None) -> Answer:
    """Run a command in a folder, where it must succeed.

    Raises:
        RuntimeError: If it does not; with what it said.
    """
    answer = ask(*arguments, at=root, backend=backend)
    if answer.code:
        raise RuntimeError(f"podium {arguments[0]} gave {answer.code}: {answer.last_line}")
    return answer


def refusal_problem(answer: Answer, code: int, parts: Sequence[str] = (), *, with_fix: bool = True) -> str | None:
    """What is wrong with a refusal that was asked for with `--json`; None where it is as promised.

    One line that says what is wrong and what to do, the documented exit code, one document, no traceback.

    Args:
        answer: The answer.
        code: Exit code expected.
        parts: What the line and its details must say.
        with_fix: Whether it must say what to do.
    """
    if "Traceback" in answer.err or "a bug in Podium" in answer.err:
        return f"a traceback: {answer.err.strip().splitlines()[-1]}"
    if answer.code != code or code not in EXIT_CODES:
        return f"exit code {answer.code}, expected {code}: {answer.last_line}"
    if len(answer.complaint.splitlines()) != 1:
        return f"not one line: {answer.err!r}"
    record = answer.record
    if record["exit_code"] != code or not record["what"]:
        return f"another document: {record}"
    if with_fix and not (record["fix"] or record["details"]):
        return f"neither a fix nor details: {record}"
    said = "\n".join([answer.complaint, *record["details"]])
    lacking = [part for part in parts if part not in said]
    return f"does not say {lacking}: {said}" if lacking else None


def draw(path: Path, seed: int, *, tint: int = 0) -> None:
    """Write a noise image of 40 by 36 pixels, one colour weaker."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (36, 40, 3), dtype=np.uint8)
    pixels[..., tint % 3] //= 3
    Image.fromarray(pixels).save(path, "PNG")


def draw_pets(root: Path) -> None:
    """Two classes of eight images in `pets`."""
    for row in range(16):
        draw(root / "pets" / ("cat", "dog")[row % 2] / f"{row}.png", row, tint=row)


@contextmanager
def watched_streams() -> Iterator[list[str]]:
    """Gives a list that holds, after the block, all that was printed in it: by Python, by C libraries, by children."""
    said: list[str] = []
    heard = io.StringIO()
    kept = os.dup(1), os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
                yield said
        finally:
            for descriptor, copy in zip((1, 2), kept, strict=True):
                os.dup2(copy, descriptor)
                os.close(copy)
            file.seek(0)
            said.append(heard.getvalue() + file.read().decode(errors="replace"))
