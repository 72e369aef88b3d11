"""Which GPUs this machine seems to have, as its operating system says; a look takes no time, and proves nothing."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

__all__ = ["find_gpus"]

_DRIVER = Path("/proc/driver/nvidia/gpus")


def find_gpus(driver: Path = _DRIVER) -> list[str]:
    """Names of GPUs that torch may be able to use.

    Whether it can, only torch knows: the installed one may be built for CPUs alone, and a driver may be too old.

    Args:
        driver: Where the NVIDIA driver of Linux describes each card in a folder of its own.
    """
    cards = [_model(path) for path in sorted(driver.glob("*/information"))]
    if cards:
        return cards
    if shutil.which("nvidia-smi"):
        return ["an NVIDIA GPU"]
    return ["an Apple GPU"] if (platform.system(), platform.machine()) == ("Darwin", "arm64") else []


def _model(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # a sandbox may hide it
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
    return named[0] if named else "an NVIDIA GPU"
