"""What a report is made of: everything a run folder holds, each part optional."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from podium import durable
from podium.decisions import Pool, judged_answers
from podium.errors import PodiumError
from podium.images import Limits
from podium.metrics import Scores
from podium.report.unit_word import unit_word
from podium.splits import LeakReport
from podium.store import (
    EnsembleRecord,
    EpochRow,
    Evaluation,
    Ranked,
    RunFolder,
    check_format,
    check_tables,
    find_stale,
    rank_submissions,
    read_ensemble,
    read_epochs,
    read_evaluations,
    read_offers,
    read_plain_yaml,
    read_seconds,
    read_solved_heads,
    read_soup,
    read_views_record,
    weights_of,
)
from podium.store.explanation_record import RECORD, read_explanation
from podium.store.map_record import RECORD as MAP
from podium.store.map_record import read_map
from podium.store.refit_record import RefitRecord, read_refit
from podium.store.robustness_record import RECORD as ROBUSTNESS
from podium.store.robustness_record import read_robustness
from podium.store.slices_record import read_slices
from podium.tables import Folds, Predictions, Samples, load_folds, load_predictions, load_samples, read_csv

__all__ = ["RunContents", "name_groups", "read_contents", "read_group_words"]

T = TypeVar("T")


_GROUPS = "groups"


def name_groups(leaks: LeakReport | None) -> str:
    """What groups are called, in the plural: clusters of duplicates where nobody named a group."""
    joined = None if leaks is None else leaks.joined
    return _GROUPS if joined is None or joined.is_named else "duplicate clusters"


def read_group_words(run: RunFolder) -> str:
    """What the groups of a run are called, see `name_groups`."""
    return name_groups(LeakReport.from_dict(durable.read_json(run.path / "folds.json")["leaks"]))


@dataclass(frozen=True, eq=False)
class RunContents:
    """The parts of one run. None, or empty, is a file that is not there.

    Args:
        run: The run folder.
        samples: The table of samples.
        folds: The folds, in the samples' row order.
        scores: Scores with intervals.
        oof: Out-of-fold predictions.
        request: run.json: what was asked for.
        leaks: What the leak check of these folds found.
        hints: Reasons to think that a group is missing.
        fold_notes: What a user should know of the folds, in sentences.
        recipe_text: recipe.yaml as it stands.
        environment: Machine and versions.
        audit: Summary of the images.
        quarantine: Columns of quarantine.csv.
        epochs: A row an epoch, over all folds and parts.
        seconds: Seconds that each training took, by fold and model.
        solved: What was chosen for each solved head, by fold and model, then by head.
        evaluations: Looks at the holdout and at labelled test sets.
        submitted: Submissions of all runs in the folder, with leaderboard scores; None where none is of this run.
        soup: What a mean over the last epochs did to the score; empty where none predicts.
        offers: What tuned decisions would win; empty where they win nothing, or the run has decided.
        nearest: What answering by the nearest training images did to it; empty where the heads answer.
        views: What the audit of test-time views found; empty without one.
        refit: The model on all images, finished.
        ensemble: The runs that an ensemble is made of; None where the run has models of its own.
        explanation: What `podium explain` found.
        robustness: What `podium stress` found.
        slices: Columns that `podium slices` was asked for.
        map: The images in two dimensions, by `podium map`.
        weights: Digest of every model's weights.
        problems: Files that cannot be read, were changed, or were not made from what is there now, a line each.
        scores_digest: SHA-256 of scores.json; empty without one.
    """

    run: RunFolder
    samples: Samples | None = None
    folds: Folds | None = None
    scores: Scores | None = None
    oof: Predictions | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    leaks: LeakReport | None = None
    hints: tuple[str, ...] = ()
    fold_notes: tuple[str, ...] = ()
    recipe_text: str | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    audit: Mapping[str, Any] = field(default_factory=dict)
    quarantine: Mapping[str, list[str]] = field(default_factory=dict)
    epochs: tuple[EpochRow, ...] = ()
    seconds: Mapping[tuple[int, str], float] = field(default_factory=dict)
    solved: Mapping[tuple[int, str], Mapping[str, Any]] = field(default_factory=dict)
    evaluations: tuple[Evaluation, ...] = ()
    submitted: Ranked | None = None
    soup: Mapping[str, Any] = field(default_factory=dict)
    nearest: Mapping[str, Any] = field(default_factory=dict)
    offers: Sequence[Mapping[str, Any]] = ()
    views: Mapping[str, Any] = field(default_factory=dict)
    refit: RefitRecord | None = None
    ensemble: EnsembleRecord | None = None
    explanation: Mapping[str, Any] = field(default_factory=dict)
    robustness: Mapping[str, Any] = field(default_factory=dict)
    slices: Sequence[Mapping[str, Any]] = ()
    map: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    scores_digest: str = ""

    @property
    def groups_are_duplicates(self) -> bool:
        """Whether nobody named a group, so that the groups are clusters of near-duplicates."""
        return self.group_words != _GROUPS

    @cached_property
    def judged(self) -> tuple[Predictions, Samples] | None:
        """What was judged out of fold and what was asked: images, or bags of them; None where a part is missing."""
        samples, oof = self.samples, self.oof
        if samples is None or oof is None or samples.bag is None or not set(oof.ids) <= set(samples.ids):
            return None if samples is None or oof is None else (oof, samples)
        pool = None if self.scores is None or self.scores.of_images is None else self.scores.of_images.pool
        return judged_answers(oof, samples, cast("Pool", pool or "mean"))

    @property
    def unit(self) -> str:
        """What an answer is for, in the singular."""
        return unit_word(self.scores)

    @property
    def group_words(self) -> str:
        """What the groups are called, in the plural."""
        return name_groups(self.leaks)

    @property
    def limits(self) -> Limits:
        """How the files were decoded for the models."""
        value_range = self.recipe.get("image", {}).get("value_range")
        return Limits(value_range=tuple(value_range) if isinstance(value_range, list) else None)

    @property
    def recipe(self) -> Mapping[str, Any]:
        """The recipe as data; empty where there is none."""
        record = read_plain_yaml(self.recipe_text) if self.recipe_text else None
        return record if isinstance(record, Mapping) else {}


def read_contents(run: RunFolder, *, image_root: Path | None = None) -> RunContents:
    """Read a run folder as far as it is there.

    A missing file leaves its part empty. A damaged one does too, and is named in `problems`, as are files that are
    older than what they were made from.

    Args:
        run: The run folder.
        image_root: Folder of the images, if they moved since the scan.

    Raises:
        StorageError: If another version of podium wrote the run.
    """
    problems: list[str] = []

    def attempt(path: Path, read: Callable[[], T]) -> T | None:
        if not path.exists():
            return None
        try:
            return read()
        except PodiumError as problem:
            problems.append(f"{path.name}: {problem.what} {problem.fix or ''}".rstrip())
        except KeyError as problem:
            problems.append(f"{_files(path)}: {problem} is missing.")
        except (TypeError, ValueError, yaml.YAMLError) as problem:
            problems.append(f"{_files(path)}: {problem}")
        return None

    def record(path: Path) -> dict[str, Any]:
        return attempt(path, lambda: _read_record(path)) or {}

    folder = run.path
    request = record(run.run_file)
    if request:
        check_format(request, run.path)
        request = attempt(run.run_file, run.read) or {}

    def read_samples() -> Samples:
        found = load_samples(folder, root=image_root)
        check_tables(run, request, samples=found)
        return found

    def read_folds() -> Folds:
        found = load_folds(folder)
        check_tables(run, request, folds=found)
        return found

    samples = attempt(folder / "samples.csv", read_samples)
    folds = attempt(folder / "folds.csv", read_folds)
    if folds is not None and samples is not None:
        table, frozen = samples, folds
        folds = attempt(folder / "folds.csv", lambda: frozen.match(table))
    notes = record(folder / "folds.json")
    recipe_text = attempt(run.recipe_file, lambda: _read_yaml_text(run.recipe_file))
    stale = [str(item) for item in find_stale(run) if item.file != run.report_file.name]
    return RunContents(
        run=run,
        samples=samples,
        folds=folds,
        scores=attempt(run.scores_file, lambda: Scores.from_dict(durable.read_json(run.scores_file))),
        oof=attempt(run.oof_file, lambda: load_predictions(run.oof_file)),
        request=request,
        leaks=attempt(folder / "folds.json", lambda: LeakReport.from_dict(notes["leaks"])) if notes else None,
        hints=(attempt(folder / "folds.json", lambda: tuple(notes["hints"])) if notes else None) or (),
        fold_notes=(attempt(folder / "folds.json", lambda: tuple(notes["notes"])) if notes else None) or (),
        recipe_text=recipe_text,
        environment=record(run.environment_file),
        audit=record(run.audit_file),
        quarantine=attempt(run.quarantine_file, lambda: read_csv(run.quarantine_file)) or {},
        epochs=tuple(attempt(folder, lambda: read_epochs(run)) or ()),
        seconds=attempt(folder, lambda: read_seconds(run)) or {},
        solved=attempt(folder, lambda: read_solved_heads(run)) or {},
        evaluations=tuple(attempt(run.evaluations_file, lambda: read_evaluations(run)) or ()),
        submitted=attempt(run.submissions_file, lambda: rank_submissions(run.path.parent)),
        soup=attempt(run.scores_file, lambda: read_soup(run)) or {},
        nearest=attempt(run.scores_file, lambda: read_soup(run, "nearest")) or {},
        offers=attempt(run.scores_file, lambda: read_offers(run)) or (),
        views=attempt(run.views_file, lambda: read_views_record(run)) or {},
        refit=attempt(run.refit_file, lambda: read_refit(run, finished=True)),
        ensemble=attempt(run.ensemble_file, lambda: read_ensemble(run)),
        explanation=attempt(run.explanation_folder / RECORD, lambda: read_explanation(run)) or {},
        robustness=attempt(run.robustness_folder / ROBUSTNESS, lambda: read_robustness(run)) or {},
        slices=attempt(run.slices_file, lambda: read_slices(run)) or (),
        map=attempt(run.map_folder / MAP, lambda: read_map(run)) or {},
        weights=weights_of(run, request.get("folds", ())),
        problems=(*problems, *stale),
        scores_digest=durable.sha256_file(run.scores_file) if run.scores_file.is_file() else "",
    )


def _files(path: Path) -> str:
    """A table's name, with the JSON beside it where there is one."""
    beside = path.with_suffix(".json")
    return f"{path.name} with {beside.name}" if path.suffix == ".csv" and beside.exists() else path.name


def _read_record(path: Path) -> dict[str, Any]:
    found = durable.read_json(path)
    if not isinstance(found, dict):
        raise ValueError("this is not a record of names and values")
    return found


def _read_yaml_text(path: Path) -> str:
    text = durable.read_bytes(path).decode("utf-8")
    read_plain_yaml(text)  # a damaged recipe is a problem to name, not a page that fails
    return text
