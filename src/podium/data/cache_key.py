"""The name of a cache: a hash of everything its pixels depend on."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict

from podium.images import Fit, Limits
from podium.tables import Samples

__all__ = ["cache_key"]

# Raise it when a decode or a resize gives other pixels than before; every cache is then built anew.
_DECODE_VERSION = 2

_ABSENT = (-1, -1)


def cache_key(samples: Samples, height: int, width: int, fit: Fit = "stretch", *, limits: Limits | None = None) -> str:
    """The key of the cache of these images at this size, 32 hex digits.

    It covers the way images are decoded and its limits, the geometry, and for every sample in order its id and its
    file's size and time of change. It does not cover where the folder lies, the labels or the groups: a data set that
    is moved with its times (mv, cp -a, rsync -a) keeps its cache, and corrected labels need no new one.
    """
    digest = hashlib.sha256(json.dumps([_DECODE_VERSION, height, width, fit, asdict(limits or Limits())]).encode())
    root = None if samples.roots else os.fspath(samples.root)
    for row, name in enumerate(samples.ids):
        size, time_ns = _stamp(samples, row, root)
        digest.update(f"{name!r} {size} {time_ns}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def _stamp(samples: Samples, row: int, root: str | None) -> tuple[int, int]:
    """Size in bytes and time of change in ns of a sample's file; -1 where there is none."""
    text = samples.paths[row]
    # Most paths are plain text: without making a Path of each, a million files take half as long.
    file = samples.file(row) if root is None or "\\x" in text else os.path.join(root, text)  # noqa: PTH118
    try:
        status = os.stat(file)  # noqa: PTH116
    except (OSError, ValueError):
        return _ABSENT
    return status.st_size, status.st_mtime_ns
