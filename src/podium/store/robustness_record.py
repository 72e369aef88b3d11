"""The record of what `podium stress` found, beside its sheet."""

from __future__ import annotations

from typing import Any

from podium import durable
from podium.store.run_folder import RunFolder

__all__ = ["RECORD", "SHEET", "read_robustness"]

RECORD = "robustness.json"
SHEET = "corruptions.png"


def read_robustness(run: RunFolder) -> dict[str, Any]:
    """The record in a run's folder; empty where there is none.

    Raises:
        CorruptFileError: If it is damaged.
    """
    path = run.robustness_folder / RECORD
    return dict(durable.read_sealed(path)) if path.is_file() else {}
