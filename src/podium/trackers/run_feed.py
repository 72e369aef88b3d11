"""What a tracker is told of a run, read from its folder: a resume, several processes, a late start are one code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from podium import durable
from podium.errors import PodiumError
from podium.recipe import load_recipe
from podium.report.contents import read_contents
from podium.report.mistakes_section import MistakesSection
from podium.report.plots import draw_all
from podium.report.raster import as_png
from podium.report.sections import RunReport, describe_run
from podium.store import EpochRow, RunFolder, read_epochs
from podium.store.results import read_refit_epochs
from podium.trackers.flatten import flatten
from podium.trackers.mistake_sheet import draw_mistakes
from podium.trackers.tracker import Plain, TrackedResults

__all__ = ["RunFeed"]

_FILES = (
    "report_file",
    "model_card_file",
    "model_file",
    "scores_file",
    "results_file",
    "recipe_file",
    "decisions_file",
)


class RunFeed:
    """A run folder as a source of epochs and results."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self.name = run.name

    @property
    def group(self) -> str | None:
        """The study that the run is an arm of."""
        parent = self.run.path.resolve().parent
        return parent.name if (parent / "study.json").is_file() else None

    def config(self) -> dict[str, Plain]:
        """The recipe, and what run.json says of the data and the machine."""
        record = self.run.read()
        facts = {
            key: record[key] for key in ("folds", "threads", "podium", "created", "samples_digest") if key in record
        }
        return flatten(load_recipe(self.run.recipe_file).model_dump(mode="json")) | flatten({"run": facts})

    def epochs(self) -> list[tuple[str, int, dict[str, float]]]:
        """Place, number and values of every finished epoch."""
        rows = [(self.run.training_folder(row.fold, row.model), row) for row in read_epochs(self.run)]
        rows += [(self.run.refit_folder(row.model), row) for row in read_refit_epochs(self.run)]
        return [(_place_of(folder), row.epoch, _values(row)) for folder, row in rows]

    @property
    def is_done(self) -> bool:
        """Whether the run is scored."""
        return self.run.is_finished and not self.run.folds_left()

    def digest(self) -> str:
        """Changes when there are other results to tell; empty without any."""
        if not self.is_done:
            return ""
        seen = [durable.sha256_file(self.run.scores_file), str(self.run.refit_file.is_file())]
        seen += [f"{path.name} {path.stat().st_mtime_ns}" for path in _sheets(self.run)]
        return hashlib.sha256("\n".join(seen).encode()).hexdigest()

    def results(self, number: int, n_epochs: int) -> TrackedResults:
        """Scores, pictures and files."""
        report = describe_run(read_contents(self.run))
        folds = () if report.folds is None else report.folds.lines
        by_fold = {f"fold-{line.name}": line.score.value for line in folds if line.score is not None}
        files = [getattr(self.run, name) for name in _FILES]
        return TrackedResults(
            number,
            n_epochs,
            _flat_scores(durable.read_json(self.run.scores_file)),
            by_fold,
            dict(_pictures(self.run, report)),
            [path for path in files if path.is_file()],
            self.run.path.resolve(),
        )


def _place_of(folder: Path) -> str:
    """The training's name in a tracker: letters that all of them take."""
    model = folder.name.replace("%", "_")
    return folder.parent.name if model == "all" else f"{folder.parent.name}/{model}"


def _values(row: EpochRow) -> dict[str, float]:
    found: dict[str, float | None] = {
        "train/loss": row.train_loss,
        "train/plain_loss": row.plain_train_loss,
        "valid/loss": row.valid_loss,
        "lr": row.lr,
        "step": row.step,
        "seconds": row.seconds,
    }
    found |= {f"train/{name}": value for name, value in row.train_scores.items()}
    found |= {f"valid/{name}": value for name, value in row.scores.items()}
    return {name: float(value) for name, value in found.items() if value is not None}


def _flat_scores(scores: Mapping[str, Any]) -> dict[str, float]:
    found = {}
    for target, told in scores["targets"].items():
        for metric, interval in told["metrics"].items():
            for end, name in (("value", ""), ("low", "/low"), ("high", "/high")):
                if isinstance(interval.get(end), int | float):
                    found[f"score/{target}/{metric}{name}"] = float(interval[end])
    return found


def _sheets(run: RunFolder) -> list[Path]:
    return sorted(run.explanation_folder.glob("*.png"))


def _pictures(run: RunFolder, report: RunReport) -> Iterator[tuple[str, bytes]]:
    """The charts of the report, the worst mistakes, and sheets of `podium explain`."""
    for name, title, drawings in draw_all(report):
        yield name, as_png(title, drawings)
    for place, mistakes in enumerate(report.mistakes, start=1):
        sheet = _sheet_of(run, mistakes)
        if sheet is not None:
            yield f"mistakes-{place}", sheet
    for path in _sheets(run):
        yield f"explanation-{path.stem}", durable.read_bytes(path)


def _sheet_of(run: RunFolder, mistakes: MistakesSection) -> bytes | None:
    try:
        return draw_mistakes(run, mistakes)
    except PodiumError:  # the images may be gone by now
        return None
