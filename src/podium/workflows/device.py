"""The device, the threads and the memory of a run, set once."""

from __future__ import annotations

import torch

from podium.errors import UsageError
from podium.workflows.allocator import keep_freed_memory

__all__ = ["choose_device", "prepare_process"]


def choose_device(name: str) -> torch.device:
    """The device of that name; "auto" takes CUDA, then Apple's MPS, then the processor.

    Raises:
        UsageError: If there is no such device here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as problem:
        why = str(problem).splitlines()[0]
        raise UsageError(f"cannot use device {name!r}: {why}.", fix="Use --device auto, cpu, cuda or mps.") from None
    return device


def prepare_process(n_threads: int) -> None:
    """Use this many threads from here on (their number changes the last bits of sums), and keep freed memory."""
    torch.set_num_threads(n_threads)
    keep_freed_memory()
