"""run.json changed by one process at a time: several may work on one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from podium import durable
from podium.errors import LockedError
from podium.store.run_folder import RunFolder

__all__ = ["edit_record"]


@contextmanager
def edit_record(
    run: RunFolder, *, while_waiting: Callable[[LockedError], None] | None = None
) -> Iterator[dict[str, Any]]:
    """The content of run.json, to change in a `with` block; what was changed is written at its end.

    The block holds the run's lock, so keep it short. An error inside leaves run.json as it was.

    Args:
        run: The run folder.
        while_waiting: Called again and again while another process holds the lock; what it raises ends the wait.

    Raises:
        StorageError: If this is no run folder, one of another version, or cannot be written.
    """
    with durable.wait_for_lock(run.path, while_waiting=while_waiting):
        record = run.read()
        before = deepcopy(record)
        yield record
        if record != before:
            durable.write_json(run.run_file, record)
