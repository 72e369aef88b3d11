"""Arithmetic of the forward pass: full, or autocast to bfloat16 or float16."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch

__all__ = ["autocast", "remedy"]

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def autocast(device: torch.device, precision: str) -> AbstractContextManager[None]:
    """A block whose forward passes run in this precision: "fp32" (nothing changes), "bf16" or "fp16"."""
    return torch.autocast(device.type, dtype=_DTYPES[precision], enabled=precision != "fp32")


def remedy(precision: str) -> str:
    """What helps a training whose numbers are no longer finite."""
    plain = "Lower the learning rate (optimizer.lr), or clip gradients (training.clip_norm=1)."
    return f"{plain} Or use training.precision=fp32: fp16 ends at 65,504." if precision == "fp16" else plain
