"""The record of what `podium explain` found, beside its sheets."""

from __future__ import annotations

from typing import Any

from podium import durable
from podium.store.run_folder import RunFolder

__all__ = ["RECORD", "read_explanation"]

RECORD = "explanation.json"


def read_explanation(run: RunFolder) -> dict[str, Any]:
    """The record in a run's folder; empty where there is none.

    Raises:
        CorruptFileError: If it is damaged.
    """
    path = run.explanation_folder / RECORD
    return dict(durable.read_sealed(path)) if path.is_file() else {}
