"""What data are called in a record, to tell whether the same are named again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["words_of"]


def words_of(data: Any) -> str:
    """A path as it is from the root, samples and prepared data by their digest, anything else by its kind.

    Example:
        >>> words_of(["/photos", Path("/more")])
        '/photos, /more'
    """
    if isinstance(data, str | Path):
        return str(Path(data).expanduser().absolute())
    if isinstance(data, Sequence):
        return ", ".join(map(words_of, data))
    samples = getattr(data, "samples", data)
    return str(getattr(samples, "digest", type(data).__name__))
