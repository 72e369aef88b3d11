"""The record of the last map of a run's embeddings, beside its table."""

from __future__ import annotations

from typing import Any

from podium import durable
from podium.store.run_folder import RunFolder

__all__ = ["RECORD", "read_map"]

RECORD = "map.json"


def read_map(run: RunFolder) -> dict[str, Any]:
    """The record in a run's folder; empty where there is none.

    Raises:
        CorruptFileError: If it is damaged.
    """
    path = run.map_folder / RECORD
    return dict(durable.read_sealed(path)) if path.is_file() else {}
