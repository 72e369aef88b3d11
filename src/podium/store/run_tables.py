"""The tables of a run, proven to be the ones it was started with.

Each table carries a digest of its own, which tells an edit. It cannot tell a table that was replaced together with its
digest, such as the folds of another split copied into a run; run.json can.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podium.errors import TableChangedError
from podium.store.run_folder import RunFolder
from podium.tables import Folds, Samples, load_folds, load_samples

__all__ = ["check_tables", "digest_tables", "load_tables"]

_FIX = "Restore the run's own table, or start a new run with the other one."


def digest_tables(samples: Samples, folds: Folds) -> dict[str, str]:
    """What run.json remembers of the tables."""
    return {"samples_digest": samples.table_digest, "folds_digest": folds.digest}


def check_tables(
    run: RunFolder, record: Mapping[str, Any], *, samples: Samples | None = None, folds: Folds | None = None
) -> None:
    """Raise unless these tables are the ones that a run was started with.

    Args:
        run: The run folder.
        record: Its run.json. One of an older version remembers nothing, and then nothing is compared.
        samples: The table of samples, if it is to be compared.
        folds: The folds, if they are to be compared.

    Raises:
        TableChangedError: If a table is another one.
    """
    if samples is not None and record.get("samples_digest") not in (None, samples.table_digest):
        where = run.path / "samples.csv"
        raise TableChangedError(
            "this is not the table of samples that the run was started with.", where=where, fix=_FIX
        )
    if folds is not None and record.get("folds_digest") not in (None, folds.digest):
        where = run.path / "folds.csv"
        raise TableChangedError("these are not the folds that the run was started with.", where=where, fix=_FIX)


def load_tables(run: RunFolder) -> tuple[Samples, Folds]:
    """Samples and folds of a run, in the same row order.

    Raises:
        StorageError: If a file is missing.
        TableChangedError: If a table was changed, or is another one than the run was started with.
        SplitError: If the folds belong to other samples.
    """
    samples = load_samples(run.path)
    folds = load_folds(run.path)
    check_tables(run, run.read(), samples=samples, folds=folds)
    return samples, folds.match(samples)
