"""podium doctor."""

from __future__ import annotations

from typing import Any

from podium.cli.console import print_json, print_lines
from podium.cli.flags import ResultFlags

__all__ = ["doctor"]


def doctor(*, output: ResultFlags = ResultFlags()) -> int:  # noqa: B008 - a frozen value
    """Show versions, device and packaged weights, and how to install what is missing.

    Example: podium doctor
    """
    record = _examine()
    if output.json:
        print_json(record)
        return 0
    environment = record["environment"]
    print_lines(
        f"python     {environment['python']} on {environment['system']}",
        f"CPU        {environment['cpu']}, {environment['n_cores']} cores",
        f"device     {record['device']}",
        f"memory     {record['memory_gib']:.1f} GiB",
        "packages   " + ", ".join(f"{name} {number}" for name, number in environment["packages"].items() if number),
    )
    if not environment["packages"]["openvino"]:
        print_lines("openvino   not installed: pip install 'podium[openvino]' makes frozen networks faster on a CPU")
    for name, state in record["weights"].items():
        print_lines(f"weights    {name}: {state}")
    print_lines(f"           other files: {record['weights_folder']}/<timm name>.safetensors")
    return 0


def _examine() -> dict[str, Any]:
    import torch

    from podium.errors import WeightsError
    from podium.machine.device import choose_device
    from podium.models import PACKAGED, weights_folder
    from podium.models.packaged_weights import find_weight_file
    from podium.store import describe_environment

    weights = {}
    for name, spec in PACKAGED.items():
        try:
            find_weight_file(spec)
            weights[name] = "installed"
        except WeightsError as missing:
            weights[name] = f"not installed. {missing.fix}"
    device = choose_device("auto")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return {
        "environment": describe_environment(),
        "device": name,
        "memory_gib": _memory_gib(),
        "weights": weights,
        "weights_folder": str(weights_folder()),
    }


def _memory_gib() -> float:
    import os

    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return float("nan")
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
