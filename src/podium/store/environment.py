"""What a run was made with: machine, Python and library versions."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

__all__ = ["describe_arithmetic", "describe_environment"]

_PACKAGES = (
    "podium",
    "torch",
    "torchvision",
    "timm",
    "numpy",
    "pillow",
    "opencv-python-headless",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "pydantic",
    "safetensors",
    "matplotlib",
    "openvino",
)


def describe_environment() -> dict[str, Any]:
    """Python, operating system, CPU and package versions, JSON-ready; imports none of the packages."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpu": _cpu(),
        "n_cores": usable_cores(),
        "packages": {name: _version_of(name) for name in _PACKAGES},
    }


def describe_arithmetic(device: str, n_threads: int) -> dict[str, Any]:
    """What the last bits of predictions depend on besides the weights: CPU, device, threads, versions.

    Args:
        device: Where the networks computed, such as "cpu" or "cuda".
        n_threads: Threads of the process.
    """
    packages = {name: _version_of(name) for name in ("podium", "torch", "timm", "pillow", "openvino")}
    return {"cpu": _cpu(), "device": device, "threads": n_threads, "packages": packages}


def usable_cores() -> int:
    """Number of CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _version_of(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - a kernel file, not one of ours
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
