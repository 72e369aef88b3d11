"""What a detector said of an image, kept by the digest of its file: nobody is asked the same twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from podium.durable import Journal, make_cache_folder, make_folder, wait_for_lock
from podium.errors import LockedError
from podium.images import Detections, Limits
from podium.regions.detector import NamedDetector
from podium.tables import N_POINTS

__all__ = ["KeptDetections", "open_kept"]

_EACH = 50
_Record = list[list[Any]] | None


class KeptDetections:
    """Answers of one detector by SHA-256; None where the image cannot be decoded.

    Args:
        journal: Where they are kept; None keeps them in memory.
    """

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._known: dict[str, _Record] = {}
        self._new: dict[str, _Record] = {}
        for record in [] if journal is None else journal.read():
            self._known |= record["found"]

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self._known

    def get(self, sha256: str) -> Detections | None:
        """The answer of an image that was looked at; None where it cannot be decoded."""
        record = self._known[sha256]
        return None if record is None else _unpack(record)

    def put(self, sha256: str, found: Detections | None) -> None:
        """Remember an answer; it is on the disk after some more, or after `flush`."""
        record = None if found is None else _pack(found)
        self._known[sha256] = self._new[sha256] = record
        if len(self._new) >= _EACH:
            self.flush()

    def flush(self) -> None:
        """Write what is not on the disk yet."""
        if self._journal is not None and self._new:
            self._journal.append({"found": self._new})
        self._new = {}


@contextmanager
def open_kept(
    folder: Path | None,
    detector: NamedDetector,
    limits: Limits,
    while_waiting: Callable[[LockedError], None] | None = None,
) -> Iterator[KeptDetections]:
    """The answers that this detector gave to files decoded under these limits, during a `with` block.

    Args:
        folder: Folder of all caches; None keeps nothing.
        detector: The detector; without a version nothing is kept.
        limits: How files are decoded.
        while_waiting: Called again and again while another process has them; what it raises ends the wait.
    """
    if folder is None or not detector.version:
        yield KeptDetections(None)
        return
    make_cache_folder(folder)
    asked = json.dumps([detector.name, detector.version, asdict(limits)])
    place = folder / "detections" / hashlib.sha256(asked.encode()).hexdigest()[:32]
    make_folder(place)
    with wait_for_lock(place, while_waiting=while_waiting):
        kept = KeptDetections(Journal(place / "found.jsonl"))
        try:
            yield kept
        finally:
            kept.flush()


def _pack(found: Detections) -> list[list[Any]]:
    rows = []
    for box, score, points in zip(found.boxes.tolist(), found.scores.tolist(), found.points, strict=True):
        rows.append([box, score, None if np.isnan(points).any() else points.tolist()])
    return rows


def _unpack(rows: list[list[Any]]) -> Detections:
    unknown = np.full((N_POINTS, 2), np.nan).tolist()
    return Detections(
        np.array([row[0] for row in rows], dtype=np.float64).reshape(-1, 4),
        np.array([row[1] for row in rows], dtype=np.float64),
        np.array([row[2] or unknown for row in rows], dtype=np.float64).reshape(-1, N_POINTS, 2),
    )
