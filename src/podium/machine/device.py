"""The device and the threads of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch

from podium.advice import options
from podium.errors import UnknownNameError, UsageError

__all__ = ["choose_device", "prepare_process", "suitable_precision"]

DEVICES = ("cpu", "cuda", "mps")

_HAS: dict[str, Callable[[], bool]] = {
    "cpu": lambda: True,
    "cuda": torch.cuda.is_available,
    "mps": torch.backends.mps.is_available,
}
_OTHERS = f"Use {options(device='auto')} or {options(device='cpu')}."


def choose_device(name: str) -> torch.device:
    """The device of that name, from now on the current one; "auto" takes CUDA, then Apple's MPS, then the CPU.

    Raises:
        UnknownNameError: If it is no device at all.
        UsageError: If there is no such device here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return _card(None)
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind, _, number = name.partition(":")
    if kind not in DEVICES or (number and not number.isdecimal()):
        raise UnknownNameError("device", name, [*DEVICES, "auto"], field="device")
    if not _HAS[kind]():
        why = "no NVIDIA GPU that this torch can use" if kind == "cuda" else "no Apple GPU"
        raise UsageError(f"{name!r} was asked for, but there is {why}.", field="device", fix=_OTHERS)
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
        if kind == "cuda":
            device = _card(device.index)
            torch.cuda.set_device(device)  # what asks "the" card, and pinned memory's events, mean this one
    except (RuntimeError, AssertionError, NotImplementedError) as problem:
        why = str(problem).splitlines()[0].rstrip(".")
        raise UsageError(f"cannot use {name!r}: {why}.", field="device", fix=_OTHERS) from None
    return device


def _card(number: int | None) -> torch.device:
    """A GPU with its number: every thread has a current card of its own, and "cuda" means that one."""
    if number is None:
        number = torch.cuda.current_device() if torch.cuda.is_initialized() else 0  # type: ignore[no-untyped-call]
    return torch.device("cuda", number)


def suitable_precision(device: torch.device) -> Literal["fp32", "bf16", "fp16"]:
    """What a forward pass is fastest in without harm: bf16 on a GPU that has it, fp16 on an older one, else fp32."""
    if device.type != "cuda":
        return "fp32"
    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"


def prepare_process(n_threads: int) -> None:
    """Use this many threads from here on; their number changes the last bits of sums."""
    torch.set_num_threads(n_threads)
