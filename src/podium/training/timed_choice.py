"""A few steps of every arithmetic and memory layout, to choose by the clock what no rule knows.

bfloat16 doubles the speed of a residual network on one CPU and halves that of a depthwise one on the same; so
the candidates are tried. The choice is kept beside the cache, so that a machine is asked once, and written into the
run's recipe, so that a resume does not ask again.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from podium import durable
from podium.backbone.frozen_forward import Way
from podium.engine import autocast
from podium.errors import StorageError, UsageError
from podium.machine.allocator import return_freed_memory
from podium.models import Classifier

__all__ = [
    "Candidate",
    "Choice",
    "choose_frozen",
    "choose_place",
    "choose_training",
    "race",
    "remembered",
    "time_run",
    "train_some",
]

BUDGET_S = 1.5
ROUNDS = 7
WORTH = 0.97
"""Another candidate than the first must take less than this share of its time."""
HOPELESS = 1.5
"""Candidates that take this many times the best's time are not tried again."""
BATCH, SMALL_BATCH, SLOW_S = 16, 4, 0.5
AGREES = 0.99
"""Smallest cosine between an image's features in full and in lower precision."""


@dataclass(frozen=True)
class Candidate:
    """An arithmetic and a layout to train in."""

    precision: str
    layout: str

    def __str__(self) -> str:
        return f"{self.precision} {self.layout}"


_Way = TypeVar("_Way", Candidate, Way)


@dataclass(frozen=True)
class Choice:
    """What was chosen, and the least seconds that every candidate took for a batch; None where there was no choice.

    `images` are those of the batch that the chosen one was timed with, None where nobody counted.
    """

    chosen: Candidate | Way
    seconds: Mapping[str, float | None]
    images: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        counted = {} if self.images is None else {"images": self.images}
        return {"chosen": vars(self.chosen), "seconds": dict(self.seconds), **counted}


def choose_training(
    model: Classifier,
    images: Callable[[int], Tensor],
    device: torch.device,
    candidates: Sequence[Candidate],
    *,
    batch: int = BATCH,
) -> Choice:
    """The fastest way of a forward and backward pass.

    Args:
        model: A model that is thrown away afterwards; on the device.
        images: Number of images, 4 or `batch` -> what the model is trained on.
        device: Where.
        candidates: The first is kept unless another is faster by more than the noise.
        batch: Images a step; less only tells which candidates are hopeless.
    """

    def prepare(candidate: Candidate) -> None:
        model.lay_out(candidate.layout)

    def runs(n: int, of: Sequence[Candidate]) -> dict[Candidate, Callable[[], None]]:
        return {candidate: partial(train_some, model, images(n), candidate, device) for candidate in of}

    if device.type != "cpu":  # where nothing is that slow, and few images tell how quickly kernels are launched
        return replace(race(runs(batch, candidates), device, prepare=prepare), images=batch)
    # Some pairs of arithmetic and layer take a hundred times as long as others; a few images tell.
    first = race(runs(SMALL_BATCH, candidates), device, prepare=prepare, rounds=2)
    if len(candidates) == 1:
        return first
    taken = {candidate: first.seconds[str(candidate)] or 0.0 for candidate in candidates}
    best = min(taken.values())
    if best > SLOW_S * SMALL_BATCH / BATCH:
        return replace(first, images=SMALL_BATCH)
    left = [candidate for candidate in candidates if taken[candidate] < HOPELESS * best]
    second = race(runs(batch, left), device, prepare=prepare)
    is_timed = second.seconds[str(second.chosen)] is not None
    timed = {name: value for name, value in second.seconds.items() if value is not None}
    return Choice(second.chosen, {**first.seconds, **timed}, batch if is_timed else SMALL_BATCH)


def choose_frozen(
    runs: Mapping[Way, Callable[[], Tensor]], device: torch.device, *, sections: Sequence[int] | None = None
) -> Choice:
    """The fastest frozen forward pass whose features agree with those of full precision.

    Args:
        runs: Each way's forward pass of the same batch, (B, ...); the first is exact. One that raises UsageError cannot
            be used.
        device: Where.
        sections: Lengths of the pieces of the features that must agree each by itself; None compares the whole.
    """

    def run(way: Way) -> Tensor:
        with torch.inference_mode():
            return runs[way]().float().flatten(1)

    exact = run(next(iter(runs)))

    lengths = [exact.shape[1]] if sections is None else list(sections)

    def agrees(way: Way) -> bool:
        try:
            pieces = zip(torch.split(run(way), lengths, dim=1), torch.split(exact, lengths, dim=1), strict=True)
        except UsageError:
            return False
        likeness = [torch.cosine_similarity(found, wanted, dim=1).min().nan_to_num() for found, wanted in pieces]
        return float(torch.stack(likeness).min()) >= AGREES

    taken: dict[Way, float] = {}
    for way in runs:
        if agrees(way):
            taken[way] = time_run(partial(run, way), device)
        return_freed_memory()  # each way allocates in its own pattern: what they leave behind would add up
    if not taken:
        taken = {next(iter(runs)): math.inf}
    return race({way: partial(run, way) for way in taken}, device, taken=taken)


def choose_place(
    train: Callable[[], object], on_cpu: Callable[[], object], on_device: Callable[[], object], device: torch.device
) -> dict[str, Any]:
    """Where to make images, "cpu" or "device", and the least seconds of each piece of work; JSON-ready.

    A CPU makes the next batch while the device learns this one; a device does one after the other.

    Args:
        train: Learns a batch.
        on_cpu: Makes a batch on the CPU.
        on_device: Makes a batch on the device.
        device: Waited for.
    """
    seconds = {}
    for name, run in (("training", train), ("cpu", on_cpu), ("device", on_device)):
        run()
        times: list[float] = []
        started = time.perf_counter()
        while not times or (len(times) < ROUNDS and time.perf_counter() - started < BUDGET_S):
            times.append(time_run(run, device))
        seconds[name] = round(min(times), 6)
    is_faster = seconds["training"] + seconds["device"] < WORTH * max(seconds["training"], seconds["cpu"])
    return {"chosen": "device" if is_faster else "cpu", "seconds": seconds}


def race(
    runs: Mapping[_Way, Callable[[], object]],
    device: torch.device,
    *,
    prepare: Callable[[_Way], None] = lambda candidate: None,
    rounds: int = ROUNDS,
    taken: Mapping[_Way, float] | None = None,
) -> Choice:
    """Take turns until the slow ones are known; the first candidate wins unless another is clearly faster.

    Args:
        runs: What each candidate runs.
        device: Waited for, where it works by itself.
        prepare: Called before a candidate's turn; its time does not count.
        rounds: Turns of each at most.
        taken: Seconds of a turn that each has had already, warmed up; the slow ones then get no other.
    """
    if len(runs) == 1:
        return Choice(next(iter(runs)), {str(next(iter(runs))): None})
    times: dict[_Way, list[float]] = {candidate: [] for candidate in runs}
    if taken is None:
        for candidate, run in runs.items():  # a first call compiles, allocates, packs
            prepare(candidate)
            run()
    else:
        times = {candidate: [taken[candidate]] for candidate in runs}
    running = _without_hopeless(runs, times)
    started = time.perf_counter()
    for _ in range(rounds):
        if len(running) == 1 or time.perf_counter() - started > BUDGET_S:
            break
        for candidate, run in running.items():
            prepare(candidate)
            times[candidate].append(time_run(run, device))
        running = _without_hopeless(running, times)
    # The least of a few is what the work takes; everything above it is what else the machine did.
    least = {candidate: min(taken) for candidate, taken in times.items()}
    first = next(iter(runs))
    fastest = min(least, key=lambda candidate: least[candidate])
    chosen = fastest if least[fastest] < WORTH * least[first] else first
    return Choice(chosen, {str(candidate): round(value, 6) for candidate, value in least.items()})


def _without_hopeless(
    runs: Mapping[_Way, Callable[[], object]], times: Mapping[_Way, list[float]]
) -> Mapping[_Way, Callable[[], object]]:
    best = min((min(taken) for taken in times.values() if taken), default=0.0)
    return {way: run for way, run in runs.items() if not times[way] or min(times[way]) < HOPELESS * best}


def remembered(folder: Path, about: Mapping[str, Any], measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What this machine measured before for the same question, or what it measures now.

    Args:
        folder: Where answers are kept.
        about: JSON-ready; the question, to which the machine's kind and the version of torch are added.
        measure: Gives a JSON-ready answer.
    """
    question = {**about, "torch": torch.__version__, "machine": platform.machine(), "cpu": _cpu()}
    key = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:16]
    path = folder / f"{key}.json"
    try:
        known = durable.read_sealed(path)
        if known.get("question") == question:
            return dict(known["answer"])
    except (StorageError, KeyError):
        pass  # never asked, or damaged: ask now
    answer = measure()
    durable.check_writable(folder)
    durable.write_sealed(path, {"question": question, "answer": answer})
    return answer


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def train_some(
    model: Classifier,
    images: Tensor,
    candidate: Candidate,
    device: torch.device,
    n_steps: int = 1,
    *,
    optimizer: torch.optim.Optimizer | None = None,
) -> None:
    """Forward and backward passes; with an optimizer whole steps, each waited for as a training does."""
    model.train()
    for _ in range(n_steps):
        model.zero_grad(set_to_none=True)
        with autocast(device, candidate.precision):
            logits = model(images)
        loss = torch.stack([values.float().square().mean() for values in logits.values()]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        if optimizer is not None:
            float(loss.detach())
            optimizer.step()


def time_run(run: Callable[[], object], device: torch.device) -> float:
    """Seconds that it takes, what the device does by itself included."""
    _wait_for(device)
    started = time.perf_counter()
    run()
    _wait_for(device)
    return time.perf_counter() - started


def _wait_for(device: torch.device) -> None:
    """Until a device that works by itself has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
