"""What to do where a batch does not fit into memory: feed it in halves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

__all__ = ["is_out_of_memory", "release_cached_memory", "run_in_pieces"]

_Output = TypeVar("_Output")


def is_out_of_memory(problem: RuntimeError) -> bool:
    """Whether a device had no memory left; Apple's says so in a plain RuntimeError."""
    return isinstance(problem, torch.OutOfMemoryError) or "out of memory" in str(problem)


def run_in_pieces(run: Callable[[Tensor], _Output], images: Tensor) -> list[_Output]:
    """What `run` gives for a batch: whole, or where memory does not suffice, for halves and halves of halves.

    Args:
        run: Takes any number of images, first axis B.
        images: The batch.

    Raises:
        RuntimeError: If one image alone does not fit.
    """
    try:
        return [run(images)]
    except RuntimeError as problem:
        if len(images) == 1 or not is_out_of_memory(problem):
            raise
    # After the block, for the traceback keeps what the failed attempt had allocated.
    release_cached_memory()
    return [output for half in images.tensor_split(2) for output in run_in_pieces(run, half)]


def release_cached_memory() -> None:
    """Give a GPU's free blocks back, so that blocks of another size can be made of them."""
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()
