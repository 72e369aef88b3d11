"""What `podium labels` does first: the suspect labels of a run, as a table, a page and a draft of corrections."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.advice import option
from podium.errors import UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings
from podium.report.contents import read_contents
from podium.report.label_sheet import draw_label_sheet, is_label_sheet
from podium.report.thumbnails import ThumbnailBook
from podium.stopping import listen_for_stop
from podium.store import RunFolder, check_list_file, check_scores, load_tables
from podium.suspects import COLUMNS, LabelSuspects, find_label_errors
from podium.tables import HOLDOUT, Predictions, Samples, load_predictions, save_corrections, write_csv
from podium.texttable import Frame

__all__ = ["check_label_files", "find_suspects", "write_draft", "write_suspects"]


def find_suspects(
    run: RunFolder,
    settings: Settings,
    progress: Progress,
    *,
    heads: str | Sequence[str] | None = None,
    neighbours: bool = False,
    annotators: str | Path | Frame | None = None,
    repeats: Sequence[RunFolder] = (),
) -> LabelSuspects:
    """The suspect labels of a finished run, from its out-of-fold predictions and those of its repeats.

    Args:
        run: The run folder.
        settings: Machine and places.
        progress: Receives progress and notes.
        heads: Heads to judge; None judges all.
        neighbours: Also compare the labels of look-alikes, by the features of the run's frozen network, or of its start
            weights: those of the cache, or one pass over the images.
        annotators: A table of the labels that each of several people gave.
        repeats: Further finished runs of the same images and labels.

    Raises:
        UsageError: If a run is not finished, its predictions are not those that were scored, or a repeat has other
            images or labels.
        TableError: If the table of annotators cannot be read.
        UnknownNameError: If there is no such head.
        ImageError: If features are asked for and the images are gone, or others than at the start.
        Stopped: If a signal asked for it.
    """
    check_scores(run)
    samples, folds = load_tables(run)
    learnt = samples.take(np.flatnonzero(folds.fold != HOLDOUT))
    features = None
    if neighbours:
        from podium.crossval.frozen_view import open_frozen_view  # torch

        with listen_for_stop() as stop:
            view = open_frozen_view(run, learnt, settings, progress, stop)
        features = np.asarray(view.inputs.features[0][view.rows])
    others = [_load_repeat(one, run, learnt) for one in repeats]
    return find_label_errors(
        load_predictions(run.oof_file),
        learnt,
        features=features,
        heads=heads,
        annotators=annotators,
        repeats=others,
    )


def _load_repeat(other: RunFolder, run: RunFolder, samples: Samples) -> Predictions:
    """The out-of-fold predictions of a repeat; refused where they answer something else."""
    if other.path.resolve() == run.path.resolve():
        raise UsageError(f"{run.name!r} cannot repeat itself.", field="repeats", fix="Name other runs.")
    check_scores(other)
    found, own = load_predictions(other.oof_file), load_predictions(run.oof_file)
    its = load_tables(other)[0]
    if found.task != own.task or set(found.ids.tolist()) != set(own.ids.tolist()) or _differ(samples, its, own.ids):
        raise UsageError(
            f"run {other.name!r} was not judged on the images and labels of {run.name!r}.",
            field="repeats",
            fix=f"Train again on the same data, changing {option('seed')} or {option('split_seed')} alone.",
        )
    return found


def _differ(samples: Samples, its: Samples, ids: NDArray[np.object_]) -> bool:
    own, other = samples.take(samples.rows_of(ids)), its.take(its.rows_of(ids))
    return any((labels != other.labels[name]).any() for name, labels in own.labels.items())


def check_label_files(table: Path | None, draft: Path | None) -> None:
    """Raise UsageError where a file would be replaced that Podium did not write, or that a person may have reviewed."""
    if table is not None:
        check_list_file(table, lambda path: durable.read_bytes(path).startswith(_header()))
        check_list_file(_page_of(table), is_label_sheet)
    if draft is not None:
        check_list_file(draft, lambda _path: False)


def _header() -> bytes:
    return ",".join(COLUMNS).encode()


def _page_of(table: Path) -> Path:
    return table.with_suffix(".html")


def write_suspects(found: LabelSuspects, run: RunFolder, table: Path, n: int) -> list[Path]:
    """Write the first suspects as CSV, and beside it as an HTML page with the images; gives the files.

    Raises:
        UsageError: If a file of that name is no such list.
        StorageError: If it cannot be written.
    """
    check_label_files(table, None)
    more = found.more_columns
    write_csv(table, (*COLUMNS, *more), [[*one.cells(), *one.more_cells(more)] for one in found.top(n)])
    book = ThumbnailBook(found.samples, read_contents(run).limits)
    n_wrong = sum(found.n_confident.values())
    lead = (
        f"{count_of(n_wrong, 'label is', 'labels are')} confidently wrong by the predictions of models that had not"
        f" seen {'it' if n_wrong == 1 else 'them'}. Some are errors, some are hard images: look before you correct."
    )
    durable.write_text(_page_of(table), draw_label_sheet(run.name, lead, found.top(n), found.top_groups(n), book))
    return [table, _page_of(table)]


def write_draft(found: LabelSuspects, path: Path, n: int, *, whole_groups: bool = False) -> int:
    """Write a draft of corrections for a person to review; gives the number of rows. No file is replaced.

    Raises:
        UsageError: If the file exists, or groups are asked for and no head is an attribute of the group.
        StorageError: If it cannot be written.
    """
    check_label_files(None, path)
    if whole_groups and not found.groups:
        raise UsageError(
            "no head has one label for all images of a group, so there is no group to correct as a whole.",
            field="whole_groups",
            fix="Leave it out.",
        )
    rows = found.draft(n, whole_groups=whole_groups)
    save_corrections(rows, path)
    return len(rows)
