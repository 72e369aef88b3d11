"""results.csv: a row an epoch, gathered from the journals of all trainings of a run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium import durable
from podium.store.run_folder import RunFolder, model_of
from podium.tables import write_csv

__all__ = ["SECONDS_NAME", "EpochRow", "read_epochs", "read_seconds", "write_results"]

SECONDS_NAME = "seconds.jsonl"
"""In the folder of a training: a line an epoch that was trained, with the seconds that it took."""


@dataclass(frozen=True)
class EpochRow:
    """One epoch of one training; scores by target, without those that were no number."""

    fold: int
    model: str
    epoch: int
    step: int
    lr: float
    train_loss: float
    scores: dict[str, float]


def read_epochs(run: RunFolder) -> list[EpochRow]:
    """Every finished epoch of a run, by fold, model and epoch."""
    rows = []
    for journal in run.path.glob("fold-*/*/journal.jsonl"):
        rows += [_row_of(journal, record) for record in durable.Journal(journal).read()]
    return sorted(rows, key=lambda row: (row.fold, row.model, row.epoch))


def _row_of(journal: Path, record: dict[str, Any]) -> EpochRow:
    values = {name: record[name] for name in ("epoch", "step", "lr", "train_loss")}
    scores = {name: value for name, value in record["scores"].items() if value is not None}
    return EpochRow(fold=_fold_of(journal.parent), model=model_of(journal.parent), scores=scores, **values)


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


def _fold_of(training_folder: Path) -> int:
    found = re.fullmatch(r"fold-(\d+)", training_folder.parent.name)
    return int(found[1]) if found else -1


def write_results(run: RunFolder) -> None:
    """Write results.csv anew from the journals."""
    rows = read_epochs(run)
    scores = list(dict.fromkeys(name for row in rows for name in row.scores))
    header = ["fold", "model", "epoch", "step", "lr", "train/loss", *(f"valid/{name}" for name in scores)]
    cells = [
        [str(row.fold), row.model, str(row.epoch), str(row.step), repr(row.lr), repr(row.train_loss)]
        + [repr(row.scores[name]) if name in row.scores else "" for name in scores]
        for row in rows
    ]
    write_csv(run.results_file, header, cells)
