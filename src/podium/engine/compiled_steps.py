"""Training steps of a network that torch has compiled: the same weights, fused kernels."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec

import torch
from torch import Tensor, nn

__all__ = ["compile_forward", "explain_no_compiler"]

Forward = Callable[[Tensor], Mapping[str, Tensor]]


def compile_forward(model: nn.Module) -> Forward:
    """The model's forward pass in kernels of torch's inductor, for training; weights and `state_dict` stay the model's.

    Kernels are made at the first batch of each size and for no other one: those for any size would depend on which
    sizes came first, and a resume would not be exact.
    """
    compiled: Forward = torch.compile(model, dynamic=False)
    return compiled


def explain_no_compiler(device: torch.device) -> str | None:
    """What is missing for compiled steps on this device, in words; None where nothing is.

    Args:
        device: Where it trains.
    """
    if device.type == "mps":
        return "torch compiles for CPUs and NVIDIA GPUs, not for Apple's"
    if device.type == "cuda" and find_spec("triton") is None:
        return "triton is not installed, with which torch compiles for a GPU"
    compiler = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
    if shutil.which(compiler) is None:
        return f"there is no C++ compiler {compiler!r}; CXX names another one"
    return None
