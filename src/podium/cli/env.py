"""podium env."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from podium.cli.console import print_json, print_lines
from podium.cli.flags import MACHINE, ResultFlags
from podium.listing import count_of

__all__ = ["env"]


def env(
    *,
    device: Annotated[str | None, Parameter(group=MACHINE)] = None,
    output: ResultFlags = ResultFlags(),  # noqa: B008 - a frozen value
) -> int:
    """Show versions, device, packaged weights and optional packages, and how to install what is missing.

    Example: podium env --device auto

    Args:
        device: Ask torch for this device: auto, cpu, cuda, cuda:1, ... or mps. That takes seconds; without it, the
            operating system is asked which GPUs there are.
    """
    record = _examine(device)
    if output.json:
        print_json(record)
        return 0
    environment = record["environment"]
    print_lines(
        f"python     {environment['python']} on {environment['system']}",
        f"CPU        {environment['cpu']}, {count_of(environment['n_cores'], 'core')}",
        f"device     {record['device'] or _not_asked(record['gpus'])}",
        f"memory     {_memory_words(record)}",
        "packages   " + ", ".join(f"{name} {number}" for name, number in environment["packages"].items() if number),
    )
    for name, state in record["weights"].items():
        print_lines(f"weights    {name}: {state}")
    print_lines(f"           other files: {record['weights_folder']}/<timm name>.safetensors")
    for place, (name, state) in enumerate(record["extras"].items()):
        print_lines(f"{'' if place else 'extras':<10} {name:<12} {_extra_words(state)}")
    return 0


def _extra_words(state: dict[str, Any]) -> str:
    there = ", ".join(f"{name} {number or ''}".rstrip() for name, number in state["versions"].items())
    return f"works: {there}" if state["works"] else f"missing, for {state['purpose']}: {state['fix']}"


def _memory_words(record: dict[str, Any]) -> str:
    from podium.machine.memory import scarce_memory

    amount = record["memory_gib"]
    total = "not known" if amount is None else f"{amount:.1f} GiB"
    return ". ".join(filter(None, (total, scarce_memory())))


def _not_asked(gpus: list[str]) -> str:
    if not gpus:
        return "cpu (no GPU was found)"
    return f"{', '.join(gpus)} (podium env --device auto says whether torch can use it)"


def _examine(device: str | None) -> dict[str, Any]:
    from podium.errors import WeightsError
    from podium.machine.extras import find_extras
    from podium.machine.gpus import find_gpus
    from podium.machine.memory import address_limit_gib, memory_gib
    from podium.machine.weight_packages import PACKAGED, find_weight_file, weights_folder
    from podium.store.environment import describe_environment

    weights = {}
    for name, spec in PACKAGED.items():
        try:
            find_weight_file(spec)
            weights[name] = "installed"
        except WeightsError as missing:
            weights[name] = f"not installed. {missing.fix}"
    return {
        "environment": describe_environment(),
        "device": None if device is None else _ask_torch(device),
        "gpus": find_gpus(),
        "memory_gib": memory_gib(),
        "address_limit_gib": address_limit_gib(),
        "weights": weights,
        "weights_folder": str(weights_folder()),
        "extras": {name: vars(state) for name, state in find_extras().items()},
    }


def _ask_torch(name: str) -> str:
    """What torch calls the device."""
    import torch

    from podium.machine.device import choose_device

    device = choose_device(name)
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
