"""Optuna's journal of a search, safe from kills: the lock is the system's own, and a torn last line is cut off."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from podium import durable
from podium.errors import UsageError

if TYPE_CHECKING:
    from optuna import Study

    from podium.searches.folder import SearchFolder, SearchRecord

__all__ = ["PRUNERS", "STARTUP", "open_journal", "require_optuna", "seed_sampler"]

STARTUP = 8
"""Trials that are drawn at random before the sampler learns from them, the enqueued starts included."""
PRUNERS = ("median", "wilcoxon", "none")
_LEAST_TO_COMPARE = 4
_P_VALUE = 0.1


def require_optuna() -> ModuleType:
    """The package Optuna, quiet.

    Raises:
        UsageError: If it is not installed; names the extra.
    """
    try:
        import optuna
    except ImportError as problem:
        raise UsageError(
            f"a search needs the package optuna, which cannot be imported: {problem}.",
            fix='Install it with: pip install "podium[search]".',
        ) from problem
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def open_journal(folder: SearchFolder, record: SearchRecord) -> Study:
    """The trials of a search; made where there are none yet. Any number of processes may have it open."""
    optuna = require_optuna()
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    backend = JournalFileBackend(str(folder.journal_file), lock_obj=_Lock(folder.journal_file))  # type: ignore[arg-type]
    study: Study = optuna.create_study(
        storage=JournalStorage(backend),
        study_name=folder.name,
        direction="maximize" if record.greater_is_better else "minimize",
        pruner=_make_pruner(record),
        load_if_exists=True,
    )
    return study


def _make_pruner(record: SearchRecord) -> Any:
    from optuna import pruners

    if record.prune == "median":
        return pruners.MedianPruner(n_startup_trials=_LEAST_TO_COMPARE)
    if record.prune == "wilcoxon":
        with _calm():
            return pruners.WilcoxonPruner(p_threshold=_P_VALUE, n_startup_steps=2)
    return pruners.NopPruner()


def seed_sampler(study: Study, *numbers: int) -> None:
    """Let the next value be drawn by a seed of its own, so that a search that goes on draws what it would have drawn.

    Args:
        study: The trials.
        numbers: Seed of the search, number of the trial, place of the key.
    """
    import numpy as np
    from optuna.samplers import TPESampler

    seed = int(np.random.SeedSequence(numbers).generate_state(1)[0])
    study.sampler = TPESampler(n_startup_trials=STARTUP, multivariate=False, seed=seed)


@contextmanager
def _calm() -> Iterator[None]:
    """Without the warning that a part may change in a later version."""
    from optuna.exceptions import ExperimentalWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


class _Lock:
    """The lock of the journal, in the form that Optuna asks for: never stale after a kill."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._held = ExitStack()

    def acquire(self) -> bool:
        """Wait for it; then cut off what a killed process left of a line."""
        self._held.enter_context(durable.wait_for_lock(self._journal.parent / "claims" / "journal"))
        durable.cut_torn_line(self._journal)
        return True

    def release(self) -> None:
        """Let go."""
        self._held.close()
