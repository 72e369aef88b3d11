"""Files of a run or of prepared data that were changed after they were written, told by digests.

JSON files carry their digest inside (`durable.write_sealed`). Those of others are kept in the file that is written
last: run.json, or the mark of prepared data. A user may have had reasons, so this is told and not refused; what would
make a result wrong is refused by whoever reads the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from podium import durable
from podium.errors import CorruptFileError, StorageError

__all__ = ["KEPT_FILES", "digest_kept", "find_edits", "is_edited", "is_torn"]

KEPT_FILES = ("recipe.yaml", "images.csv", "quarantine.csv", "corrections.csv")
"""Written once, and never changed by Podium."""
_SEALED = ("samples.json", "folds.json", "audit.json", "environment.json", "decisions.json")


def digest_kept(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of `KEPT_FILES` that is there, by name."""
    return {name: durable.sha256_file(folder / name) for name in KEPT_FILES if (folder / name).is_file()}


def find_edits(folder: Path, record: Mapping[str, Any]) -> Iterator[str]:
    """Names of the files in a folder that are not what was written.

    Args:
        folder: The folder of a run or of prepared data.
        record: What was written last, with the digests under "files"; runs of before have none.
    """
    kept = record.get("files")
    for name, digest in (kept if isinstance(kept, dict) else {}).items():
        if name in KEPT_FILES and (folder / name).is_file() and durable.sha256_file(folder / name) != digest:
            yield name
    yield from (name for name in _SEALED if is_edited(folder / name))


def is_torn(path: Path) -> bool:
    """Whether a JSON file is there and holds no whole record, as one that a crash cut off."""
    try:
        return path.is_file() and not isinstance(durable.read_json(path), dict)
    except StorageError:
        return True


def is_edited(path: Path) -> bool:
    """Whether a file that was written with its own digest is another one now; False where there is none."""
    try:
        record = durable.read_json(path)
        if not isinstance(record, dict) or durable.SEAL not in record:
            return False
        durable.read_sealed(path)
    except CorruptFileError:
        return True
    except StorageError:
        return False
    return False
