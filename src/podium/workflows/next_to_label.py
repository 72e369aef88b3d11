"""What `podium labels --next` does: unlabelled images that are worth a label, as a table to fill in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from podium.crossval.frozen_view import open_frozen_view
from podium.machine import Progress, Settings
from podium.stopping import listen_for_stop
from podium.store import RunFolder
from podium.suspects.next_to_label import NextImage, choose_next
from podium.tables import Samples, Task, load_samples, write_csv
from podium.workflows.predict import predict_run

__all__ = ["NEXT_NAME", "find_next", "next_columns", "write_next"]

NEXT_NAME = "unlabelled"
"""Name of the predictions of unlabelled images."""


def find_next(run: RunFolder, samples: Samples, n: int, settings: Settings, progress: Progress) -> list[NextImage]:
    """The images to label next, by the predictions of a run and the features of its frozen network, or of its start
    weights. Images that cannot be decoded are left out.

    Args:
        run: A run with finished folds.
        samples: Unlabelled images.
        n: How many.
        settings: Machine and places.
        progress: Receives progress and notes.

    Raises:
        UsageError: If `n` is below 1, or no fold is finished.
        ImageError: If no image can be decoded.
        Stopped: If a signal asked for it.
    """
    predictions = predict_run(run, samples, settings, progress, name=NEXT_NAME, of_images=True)
    task = load_samples(run.path).task
    assert task is not None, "a run has a task"
    with listen_for_stop() as stop:
        view = open_frozen_view(run, samples, settings, progress, stop, unlabelled=task)
    rows = np.flatnonzero(view.is_usable)
    usable = predictions.align(samples.ids[rows])
    return choose_next(usable, n, directions=replace(view, rows=view.rows[rows]).directions())


def next_columns(task: Task) -> tuple[str, ...]:
    """Columns of the table: the image, an empty one for each head or label to fill in, and why it was chosen."""
    labels = [name for head in task.heads for name in (head.classes if head.is_multi else (head.name,))]
    return ("image", *labels, "uncertainty", "distance", "guess")


def write_next(found: Sequence[NextImage], task: Task, table: Path) -> None:
    """Write the images as a table to fill in."""
    columns = next_columns(task)
    empty = [""] * (len(columns) - 4)
    write_csv(
        table,
        columns,
        [[one.image, *empty, f"{one.uncertainty:.4f}", f"{one.distance:.4f}", one.guess] for one in found],
    )
