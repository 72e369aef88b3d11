"""R4: checkpoints that are not what was written. The one before is used and the user is told; where none is left, the
training refuses to go on and never starts over by itself.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch

from engine.tiny_training import N_STEPS, Outcome, StopAt, make_parts, tensors_of, train
from podium import durable
from podium.durable.manifest import read_manifest
from podium.engine import Checkpoints
from podium.errors import CorruptFileError, Stopped
from podium.stopping import StopRequest
from tiny.nursery import NoWaiting

from .children import start
from .contests import FROZEN, WHOLE, Case, difference
from .trial import Figure, Trial, count

__all__ = ["TRIALS"]

Mode = Literal["folders", "slots"]
MODES: tuple[Mode, Mode] = ("folders", "slots")
STOPPED_AT = N_STEPS - 2
Change = Callable[[bytes, random.Random], bytes]


def _flip(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]


def _zero_part(data: bytes, rng: random.Random) -> bytes:
    start, stop = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + bytes(stop - start) + data[stop:]


CHANGES: dict[str, Change] = {
    "cut short": lambda data, rng: data[: rng.randrange(len(data))],
    "empty": lambda data, rng: b"",
    "one bit flipped": _flip,
    "a part zeroed": _zero_part,
    "all zeroed": lambda data, rng: bytes(len(data)),
    "bytes added": lambda data, rng: data + rng.randbytes(rng.randrange(1, 100)),
    "random bytes": lambda data, rng: rng.randbytes(len(data)),
}
FILES = ("state.json", "tensors.safetensors", "manifest.json")


def damage(home: Path, other: Path, rng: random.Random) -> str:
    """Damage one file of a checkpoint; says how.

    Args:
        home: Folder of the checkpoint.
        other: Folder of another, whose files are as sound and just not the right ones.
        rng: Chooses.
    """
    path = home / rng.choice(FILES)
    how = rng.choice([*CHANGES, "missing", "of another checkpoint"])
    if how == "missing":
        path.unlink()
        return f"{path.name} missing"
    if how == "of another checkpoint":
        path = home / "tensors.safetensors"
        shutil.copy(other / path.name, path)
        return f"{path.name} {how}"
    before = path.read_bytes()
    after = before
    while after == before:  # zeros over zeros are no damage
        after = CHANGES[how](before, rng)
    path.write_bytes(after)
    return f"{path.name} {how}"


def homes(checkpoints: Path) -> list[Path]:
    """Folders of the checkpoints, oldest first."""
    folders = [path.parent for path in checkpoints.glob("*/manifest.json")]
    return sorted(folders, key=lambda folder: int(read_manifest(folder).meta["number"]))


def _restore(checkpoints: Path) -> tuple[int, list[str], dict[str, bytes]]:
    parts = make_parts()
    found = Checkpoints(checkpoints)
    state, notes = found.restore(parts)
    assert state is not None
    return state.step, notes, tensors_of(parts, found)


def _stop_at(step: int, folder: Path, mode: Mode) -> None:
    try:
        train(make_parts(), folder, every_s=0, mode=mode, callbacks=[StopAt(StopRequest(), step)])
    except Stopped:
        return
    raise AssertionError("it was not stopped")


def damage_checkpoints(n: int, folder: Path) -> Figure:
    """Damage the newest of two checkpoints n times, every fourth time both."""
    rng, kinds = random.Random(), Counter[str]()
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with durable.using_backend(NoWaiting()):
            whole = train(make_parts(), folder / "whole")
            before: dict[Mode, Any] = {}
            for mode in MODES:
                _stop_at(STOPPED_AT, folder / mode, mode)
                alone = shutil.copytree(folder / mode, folder / f"{mode} before")
                shutil.rmtree(homes(alone)[1])
                before[mode] = _restore(alone)[2]
            attempts = []
            for place in range(n):
                mode = MODES[place % 2]
                attempt = partial(_damage, folder / mode, folder / str(place), before[mode], whole, place, rng, kinds)
                attempts.append((f"{place}, {mode}", attempt))
            figure = count(attempts)
    finally:
        torch.set_num_threads(n_threads)
    return Figure(figure.tried, figure.held, f"{len(kinds)} kinds of damage; {figure.note}", figure.failures)


def _damage(
    template: Path,
    folder: Path,
    before: dict[str, bytes],
    whole: Outcome,
    place: int,
    rng: random.Random,
    kinds: Counter[str],
) -> str | None:
    shutil.copytree(template, folder)
    older, newest = homes(folder)
    is_all = place % 4 >= 2 and place % 8 < 4
    how = damage(newest, older, rng)
    if is_all:
        how += f", and {damage(older, template / newest.name, rng)}"
    else:
        kinds[how] += 1
    problem = _refuses(folder) if is_all else _falls_back(folder, newest, before, whole if place % 10 == 0 else None)
    shutil.rmtree(folder)
    return f"{how}: {problem}" if problem else None


def _refuses(folder: Path) -> str | None:
    parts = make_parts()
    fresh = tensors_of(parts)
    try:
        Checkpoints(folder).restore(parts)
    except CorruptFileError as error:
        if len(error.details) != 2:
            return f"it does not say what is wrong with both: {error.details}"
        return None if tensors_of(parts) == fresh else "damaged tensors were loaded before it refused"
    return "it went on, though no checkpoint is sound"


def _falls_back(folder: Path, newest: Path, before: dict[str, bytes], whole: Outcome | None) -> str | None:
    step, notes, tensors = _restore(folder)
    if step != STOPPED_AT - 1:
        return f"it went on from step {step}"
    if len(notes) != 1 or newest.name not in notes[0] or "skipped" not in notes[0]:
        return f"it does not say so: {notes}"
    if tensors != before:
        return "other tensors than those of the checkpoint before"
    return "another end than undisturbed" if whole and train(make_parts(), folder) != whole else None


def damage_runs(n: int, folder: Path) -> Figure:
    """Damage the checkpoints of a run that was stopped, and go on with it by the command."""
    rng = random.Random()
    attempts = []
    templates: dict[tuple[Case, bool], Path] = {}
    for place in range(n):
        case, is_cloud, is_all = (FROZEN, WHOLE)[place % 2], place % 4 >= 2, place % 8 >= 4 or place % 5 == 1
        if (case, is_cloud) not in templates:
            root = templates[case, is_cloud] = folder / f"stopped {len(templates)}"
            root.mkdir()
            arguments = (root, case.samples, case.lines, 5, 15, 0.0, "mine", is_cloud)
            child = start("soak.errands:go_on_to_step", *arguments, at=root)
            assert child.wait() == 75, child.said
        attempt = partial(_damage_run, case, templates[case, is_cloud], folder / str(place), is_all, rng)
        attempts.append((f"{case.name}, {'both' if is_all else 'newest'}", attempt))
    return count(attempts)


def _damage_run(case: Case, template: Path, root: Path, is_all: bool, rng: random.Random) -> str | None:
    shutil.copytree(template, root)
    run = root / "runs" / "mine"
    older, newest = homes(run / "fold-0" / "all" / "checkpoints")
    how = damage(newest, older, rng)
    if is_all:
        how += f", and {damage(older, template / newest.relative_to(root), rng)}"
    child = start("soak.errands:command", case.words(root), at=root)
    code = child.wait()
    if is_all:
        is_refused = code == 1 and "no version in this folder can be loaded" in child.said
        problem = None if is_refused else f"exit code {code}: {child.last_line}"
        if (run / "fold-0" / "all" / "model.safetensors").exists():
            problem = "it started over"
    elif code != 0 or f"{newest.name} was skipped" not in child.said:
        problem = f"exit code {code}, the user is not told: {child.said.strip()}"
    else:
        problem = difference(case, run)
    shutil.rmtree(root)
    return f"{how}: {problem}" if problem else None


TRIALS = (
    Trial("R4", "a damaged checkpoint, or two: the one before, or a refusal", damage_checkpoints, 1000, 24),
    Trial("R4", "the same, of a run that a command goes on with", damage_runs, 40, 2),
)
