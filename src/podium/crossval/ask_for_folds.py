"""Ask a run for folds: its record says what is wanted, also while several processes work on it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from podium import durable
from podium.dataset.run_images import move_images
from podium.machine import Progress, Settings, say_while_waiting
from podium.stopping import StopRequest
from podium.store import RunFolder, describe_environment, edit_record, load_tables
from podium.tables import Folds, Samples

__all__ = ["ask_for_folds"]


def ask_for_folds(
    run: RunFolder,
    new_folds: Collection[int],
    settings: Settings,
    progress: Progress,
    stop: StopRequest,
    *,
    root: Path | None = None,
) -> tuple[Samples, Folds]:
    """Record the folds that the run is to train besides those it was asked for, and this machine as its last one.

    Args:
        run: The run folder.
        new_folds: Folds to add; may be empty.
        settings: Machine and places.
        progress: Receives a note of who is waited for.
        stop: Ends the wait.
        root: Folder of the images, if they moved since; remembered.

    Returns:
        The run's samples, and its folds in the same order.

    Raises:
        SplitError: If there is no such fold; then nothing is recorded.
        CorruptFileError: If a table of the run is not the one it was started with.
        UsageError: If the images are not in `root`.
    """
    waiting = say_while_waiting("the process that scores the run", progress, stop)
    with edit_record(run, while_waiting=waiting) as record:
        if root is not None:
            move_images(run, root)
        samples, folds = load_tables(run)
        record["folds"] = sorted({*record["folds"], *new_folds})
        for fold in record["folds"]:
            folds.valid_rows(fold)  # refuses a fold that does not exist
        if settings.cloud_drive:
            record["cloud_drive"] = True
        durable.write_sealed(run.environment_file, describe_environment() | {"device": settings.device})
        if run.folds_left(record["folds"]):
            for path in (run.report_file, run.scores_file):  # of fewer folds: the run is not finished any more
                durable.remove_file(path)
    return samples, folds
