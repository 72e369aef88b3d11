"""R9: NaN and infinity, wherever they come from. The training stops within three steps, with an error; what is on the
disk is sound and as good as before, so that without the cause it goes on to the end of a training that never met it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import torch

from engine.tiny_training import EPOCHS, Outcome, make_parts
from podium import durable
from podium.engine import decode_tensors
from podium.errors import DivergedError
from tiny.nursery import NoWaiting

from .children import start
from .contests import FROZEN, SINGLE, WHOLE, Case
from .placements import PLACEMENTS, Placement, World
from .trial import Figure, Trial, count

__all__ = ["TRIALS"]

MOST_BAD_STEPS = 3


def place_numbers(n: int, folder: Path) -> Figure:
    """Each placement in turn, until there are n."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with durable.using_backend(NoWaiting()):
            wholes: dict[str, Outcome] = {}
            attempts = [
                (f"{placement.name}", partial(_place, placement, folder / str(place), wholes))
                for place, placement in enumerate(islice(cycle(PLACEMENTS), n))
            ]
            attempts += [
                (f"NaN for the score of epochs {epochs}", partial(_place_in_score, epochs, folder / f"score {epochs}"))
                for epochs in ((0,), (1,), (0, 1))
            ]
            return count(attempts, f"{min(n, len(PLACEMENTS))} placements, and 3 scores that are no numbers")
    finally:
        torch.set_num_threads(n_threads)


def _world(placement: Placement) -> World:
    return World(make_parts(**placement.changes), **placement.settings)


def _place(placement: Placement, folder: Path, wholes: dict[str, Outcome]) -> str | None:
    kind = f"{placement.changes} {placement.settings}"
    if kind not in wholes:
        wholes[kind], _ = _world(placement).train(folder.with_suffix(".whole"))
    world = _world(placement)
    placement.arm(world)
    try:
        world.train(folder)
    except DivergedError as error:
        if "optimizer.lr" not in str(error) and "image" not in str(error):
            return f"the error names no remedy: {error}"
    else:
        return "it was not noticed"
    if world.n_steps - placement.step > MOST_BAD_STEPS:
        return f"it was noticed after {world.n_steps - placement.step} steps"
    if bad := _bad_tensors(folder):
        return f"on the disk are numbers that are none: {', '.join(bad[:3])}"
    again, _ = _world(placement).train(folder)
    return None if again == wholes[kind] else "without the cause it goes on to another end"


def _bad_tensors(folder: Path) -> list[str]:
    """Tensors of the newest checkpoint that hold a number that is none."""
    found = durable.load_newest(folder)
    if found is None:
        return []
    tensors = decode_tensors(durable.read_bytes(found.parts["tensors.safetensors"]))
    return [name for name, value in tensors.items() if value.is_floating_point() and not value.isfinite().all()]


def _place_in_score(epochs: tuple[int, ...], folder: Path) -> str | None:
    def score(logits: Mapping[str, Any]) -> Mapping[str, float]:
        return {"kind": math.nan if world.epoch in epochs else 0.5}

    world = World(make_parts(score=score))
    outcome, state = world.train(folder)
    wanted = next((epoch for epoch in range(EPOCHS) if epoch not in epochs), -1)
    if state.best_epoch != wanted:
        return f"epoch {state.best_epoch} is the best, not {wanted}"
    return None if (outcome.tensors.get("best") == b"None") == (wanted < 0) else "weights of no epoch are the best"


def _place_in_command(case: Case, lines: tuple[str, ...], root: Path) -> str | None:
    root.mkdir()
    wild = replace(case, lines=(*case.lines, *lines))
    said = []
    for _ in range(2):  # once more, from what is on the disk
        child = start("soak.errands:command", wild.words(root, "--checkpoint-seconds", "0"), at=root)
        if child.wait() != 1 or "optimizer.lr" not in child.said or "Traceback" in child.said:
            return f"exit code {child.code}: {child.last_line}"
        said.append(child.last_line)
        fold = root / "runs" / "mine" / "fold-0" / "all"
        if (fold / "model.safetensors").exists() or (root / "runs" / "mine" / "scores.json").exists():
            return "a model was kept"
        if bad := _bad_tensors(fold / "checkpoints"):
            return f"on the disk are numbers that are none: {', '.join(bad[:3])}"
    return None


def run_wild(n: int, folder: Path) -> Figure:
    """Train by the command with learning rates that no weights survive."""
    wild = [
        (case, (f"optimizer.lr={lr}", *precision))
        for precision in ((), ("training.precision=bf16",))
        for lr in ("1e30", "1e38")
        for case in (WHOLE, FROZEN, SINGLE)
    ]
    return count(
        (f"{case.name}, {' '.join(lines)}", partial(_place_in_command, case, lines, folder / str(place)))
        for place, (case, lines) in enumerate(wild[:n])
    )


TRIALS = (
    Trial("R9", "NaN or infinity placed in a training; it stops within 3 steps", place_numbers, len(PLACEMENTS), 35),
    Trial("R9", "a learning rate that no weights survive, by the command", run_wild, 12, 1),
)
