"""Where a table of predictions comes from, so that one older than its models is never used without a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Origin"]


@dataclass(frozen=True)
class Origin:
    """A file that predictions were read from or written to.

    Args:
        path: The file.
        sha256: Digest of its content then.
        weights: Digest of the weights of every model that made them, by its folder in the run ("fold-0/all").
    """

    path: Path
    sha256: str
    weights: Mapping[str, str]
