"""Images that a model of a run learnt from, by the bytes of their files: on these it is not judged."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.dataset.fingerprints import load_fingerprints
from podium.errors import StorageError
from podium.store import RunFolder, load_tables, read_ensemble
from podium.tables import Samples

__all__ = ["seen_rows"]


def seen_rows(run: RunFolder, samples: Samples) -> NDArray[np.bool_]:
    """Which samples are files that a model of the run, or of a run of an ensemble, learnt from, shape (N,).

    Copies under other names are found; whether an image was written anew, the check for near-duplicates says. A run
    without sound fingerprints of its images knows none, of which a caution tells.
    """
    learnt: set[str] = set()
    for folder in _folders_of(run):
        learnt |= _learnt_by(folder)
    if not learnt:
        return np.zeros(len(samples), dtype=np.bool_)
    return np.array([_digest_of(samples, row) in learnt for row in range(len(samples))], dtype=np.bool_)


def _folders_of(run: RunFolder) -> list[RunFolder]:
    """The run, or those of an ensemble: each has folds of its own."""
    record = read_ensemble(run)
    return [run] if record is None else list(record.folders(run))


def _learnt_by(run: RunFolder) -> set[str]:
    samples, folds = load_tables(run)
    assert len(samples) == len(folds.fold), "both tables are of the same images"
    try:
        known = load_fingerprints(run.fingerprints_file, run.read()["fingerprints_sha256"])
    except (StorageError, KeyError):
        return set()
    return set(known["sha256"][folds.learnt_rows].tolist())


def _digest_of(samples: Samples, row: int) -> str:
    with suppress(StorageError, OSError):
        return durable.sha256_file(samples.file(row))
    return ""
