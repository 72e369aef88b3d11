"""Whether compiled steps make a training shorter, the minutes of compiling included."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor

from podium.engine.compiled_steps import compile_forward
from podium.models import Classifier
from podium.training.timed_choice import BUDGET_S, ROUNDS, WORTH, Candidate, time_run, train_some

__all__ = ["WORTH_TRYING_S", "count_steps", "is_shorter", "try_compiled"]

WORTH_TRYING_S = 1200.0
"""Seconds of a training's steps below which compiling, a minute or several, is not even tried."""


def count_steps(n_images: int, *, epochs: int, batch_size: int) -> int:
    """Steps that a training has at least: with two folds, half of the images are learnt.

    Example:
        >>> count_steps(1000, epochs=10, batch_size=32)
        156
    """
    return epochs * n_images // (2 * batch_size)


def is_shorter(*, plain_s: float, compiled_s: float, compile_s: float, n_steps: int) -> bool:
    """Whether a training of so many steps is clearly shorter with compiled ones, each training compiling anew.

    Example:
        >>> is_shorter(plain_s=1.0, compiled_s=0.7, compile_s=120, n_steps=300)
        False
        >>> is_shorter(plain_s=1.0, compiled_s=0.7, compile_s=120, n_steps=900)
        True
    """
    return compile_s + n_steps * compiled_s < WORTH * n_steps * plain_s


def try_compiled(
    model: Classifier, images: Tensor, candidate: Candidate, device: torch.device, *, n_steps: int
) -> Mapping[str, Any]:
    """What was chosen, "inductor" or "none", and the seconds of a plain and a compiled pass and of compiling.

    Args:
        model: A model that is thrown away afterwards; on the device.
        images: A batch of the training's size.
        candidate: The precision and layout that were chosen.
        device: Where.
        n_steps: Steps of a training.
    """
    model.lay_out(candidate.layout)
    plain = partial(train_some, model, images, candidate, device)
    plain()
    plain_s = _least(plain, device)
    compiled = partial(train_some, cast("Classifier", compile_forward(model)), images, candidate, device)
    compile_s = time_run(compiled, device)
    compiled_s = _least(compiled, device)
    shorter = is_shorter(plain_s=plain_s, compiled_s=compiled_s, compile_s=compile_s, n_steps=n_steps)
    seconds = {"none": round(plain_s, 6), "inductor": round(compiled_s, 6), "compiling": round(compile_s, 3)}
    return {"chosen": "inductor" if shorter else "none", "seconds": seconds, "images": len(images)}


def _least(run: partial[None], device: torch.device) -> float:
    times: list[float] = []
    started = time.perf_counter()
    while not times or (len(times) < ROUNDS and time.perf_counter() - started < BUDGET_S):
        times.append(time_run(run, device))
    return min(times)
