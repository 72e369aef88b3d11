"""A nested recipe as flat names and plain values, as trackers keep a configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from podium.trackers.tracker import Plain

__all__ = ["flatten"]


def flatten(record: Mapping[str, Any]) -> dict[str, Plain]:
    """Dotted names to plain values; lists as JSON.

    Example:
        >>> flatten({"optimizer": {"lr": 0.1, "betas": [0.9, 0.99]}, "seed": 0})
        {'optimizer.lr': 0.1, 'optimizer.betas': '[0.9, 0.99]', 'seed': 0}
    """
    return dict(_pairs(record, ""))


def _pairs(record: Mapping[str, Any], start: str) -> Iterator[tuple[str, Plain]]:
    for name, value in record.items():
        if isinstance(value, Mapping) and value:
            yield from _pairs(value, f"{start}{name}.")
        elif isinstance(value, str | int | float | bool) or value is None:
            yield start + name, value
        else:
            yield start + name, json.dumps(value, default=str)
