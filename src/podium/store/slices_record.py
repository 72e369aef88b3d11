"""slices.json: the scores by the values of columns that `podium slices` was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from podium import durable
from podium.store.run_folder import RunFolder

__all__ = ["keep_slices", "read_slices"]


def read_slices(run: RunFolder) -> list[dict[str, Any]]:
    """The columns that were scored on the out-of-fold predictions that are there now, in the order they were asked for.

    Raises:
        CorruptFileError: If the record is damaged.
    """
    if not run.slices_file.is_file():
        return []
    record = durable.read_sealed(run.slices_file)
    is_current = record.get("made_from") == _sources(run)
    return [dict(column) for column in record.get("columns", [])] if is_current else []


def keep_slices(run: RunFolder, columns: Sequence[dict[str, Any]]) -> None:
    """Add columns to the record; one that was asked for before is replaced.

    Args:
        run: The run.
        columns: JSON-ready facts of each, with its name as "column".
    """
    found = {column["column"]: column for column in [*read_slices(run), *columns]}
    durable.write_sealed(run.slices_file, {"columns": list(found.values()), "made_from": _sources(run)})


def _sources(run: RunFolder) -> dict[str, str]:
    return {"oof": durable.sha256_file(run.oof_file)} if run.oof_file.is_file() else {}
