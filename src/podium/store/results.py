"""results.csv: a row an epoch, gathered from the journals of all trainings of a run."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podium import durable
from podium.errors import CorruptFileError
from podium.store.run_folder import RunFolder, model_of
from podium.tables import write_csv

__all__ = [
    "SECONDS_NAME",
    "EpochRow",
    "digest_results",
    "read_epochs",
    "read_refit_epochs",
    "read_seconds",
    "read_solved_heads",
    "write_results",
]

SECONDS_NAME = "seconds.jsonl"
"""In the folder of a training: a line an epoch that was trained, with the seconds that it took."""


_SECONDS = "seconds"


@dataclass(frozen=True)
class EpochRow:
    """One epoch of one training; scores by target, without those that were no number.

    Args:
        fold: Its fold.
        model: Its model.
        epoch: Epoch, from 0.
        step: Optimizer steps taken by its end.
        lr: Learning rate of its last step.
        train_loss: Mean loss of its steps: of augmented and mixed images, in training mode.
        scores: Scores of the validation images.
        valid_loss: The loss of the validation images; None where it was not judged, as by earlier versions.
        plain_train_loss: The same of a sample of the training images, neither augmented nor mixed.
        train_scores: Scores of that sample.
        seconds: How long it took, its evaluation included, and what a killed process had trained of it.
    """

    fold: int
    model: str
    epoch: int
    step: int
    lr: float
    train_loss: float
    scores: dict[str, float]
    valid_loss: float | None = None
    plain_train_loss: float | None = None
    train_scores: dict[str, float] = field(default_factory=dict)
    seconds: float | None = None


def read_epochs(run: RunFolder) -> list[EpochRow]:
    """Every finished epoch of a run, by fold, model and epoch."""
    return _read_rows(run, "fold-*/*/journal.jsonl")


def read_refit_epochs(run: RunFolder) -> list[EpochRow]:
    """Every finished epoch of the trainings on all images, by model and epoch; their fold is -1."""
    return _read_rows(run, "refit/*/journal.jsonl")


def _read_rows(run: RunFolder, pattern: str) -> list[EpochRow]:
    rows = []
    for journal in run.path.glob(pattern):
        seconds = _seconds_by_epoch(journal.parent / SECONDS_NAME)
        rows += [_row_of(journal, record, seconds) for record in durable.Journal(journal).read()]
    return sorted(rows, key=lambda row: (row.fold, row.model, row.epoch))


def _row_of(journal: Path, record: dict[str, Any], seconds: Mapping[int, float]) -> EpochRow:
    values = {name: record[name] for name in ("epoch", "step", "lr", "train_loss")}
    return EpochRow(
        fold=_fold_of(journal.parent),
        model=model_of(journal.parent),
        scores=_numbers(record["scores"]),
        train_scores=_numbers(record.get("train_scores", {})),
        valid_loss=record.get("valid_loss"),
        plain_train_loss=record.get("plain_train_loss"),
        seconds=seconds.get(record["epoch"]),
        **values,
    )


def _numbers(scores: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in scores.items() if value is not None}


def _seconds_by_epoch(path: Path) -> dict[int, float]:
    """Seconds of each epoch over all its starts; none where a power cut tore the file."""
    found: dict[int, float] = {}
    try:
        records = durable.Journal(path).read()
    except CorruptFileError:
        return {}
    for record in records:
        found[record["epoch"]] = found.get(record["epoch"], 0.0) + record["seconds"]
    return {epoch: round(seconds, 3) for epoch, seconds in found.items()}


def read_seconds(run: RunFolder) -> dict[tuple[int, str], float]:
    """Seconds that the finished epochs of each training took, by fold and model, over all its starts.

    Epochs that a killed process trained and the next one repeated count twice, as they took time twice.
    """
    return {
        (_fold_of(path.parent), model_of(path.parent)): sum(
            record["seconds"] for record in durable.Journal(path).read()
        )
        for path in run.path.glob(f"fold-*/*/{SECONDS_NAME}")
    }


def read_solved_heads(run: RunFolder) -> dict[tuple[int, str], dict[str, Any]]:
    """What was chosen for each solved head, by fold and model, then by head; without models that trained in epochs."""
    found = {}
    for path in sorted(run.path.glob("fold-*/*/model.json")):
        heads = durable.read_json(path).get("heads")
        if isinstance(heads, dict):
            found[_fold_of(path.parent), model_of(path.parent)] = heads
    return dict(sorted(found.items()))


def _fold_of(training_folder: Path) -> int:
    found = re.fullmatch(r"fold-(\d+)", training_folder.parent.name)
    return int(found[1]) if found else -1


def write_results(run: RunFolder) -> None:
    """Write results.csv anew from the journals."""
    rows = read_epochs(run)
    names = list(dict.fromkeys(name for row in rows for name in (*row.scores, *row.train_scores)))
    header = ["fold", "model", "epoch", "step", "lr", "train/loss", *_columns("valid", names)]
    header += ["valid/loss", "train/plain_loss", *_columns("train", names), _SECONDS, "parameters"]
    parameters = str((run.read().get("parameters") or {}).get("all", ""))
    write_csv(run.results_file, header, [[*_cells(row, names), parameters] for row in rows])


def _columns(part: str, names: Sequence[str]) -> list[str]:
    """Names of score columns; a target that is called like a loss gets a longer one."""
    return [f"{part}/score of {name}" if name in ("loss", "plain_loss") else f"{part}/{name}" for name in names]


def _cells(row: EpochRow, names: Sequence[str]) -> list[str]:
    numbers = [row.lr, row.train_loss, *map(row.scores.get, names), row.valid_loss, row.plain_train_loss]
    numbers += [*map(row.train_scores.get, names), row.seconds]
    shown = ["" if value is None else repr(value) for value in numbers]
    return [str(row.fold), row.model, str(row.epoch), str(row.step), *shown]


def digest_results(path: Path) -> str:
    """SHA-256 of a results.csv but for the seconds, which a run that is made again does not share.

    Raises:
        StorageError: If the file cannot be read.
    """
    data = durable.read_bytes(path)
    rows = list(csv.reader(io.StringIO(data.decode("utf-8", "replace"))))
    if not rows or _SECONDS not in rows[0]:  # of an earlier version
        return hashlib.sha256(data).hexdigest()
    place = rows[0].index(_SECONDS)
    kept = [[*row[:place], *row[place + 1 :]] for row in rows]
    return hashlib.sha256(repr(kept).encode()).hexdigest()
