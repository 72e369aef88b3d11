"""The run folder: the name and the meaning of every file in it.

    runs/<name>/
        run.json               what was asked for: command, preset, folds to train, threads; podium's version, the
                               digests of the tables; in a plan for minutes, which step it is; it is written last, and
                               a folder without it is no run
        recipe.yaml            everything that changes the numbers
        environment.json       machine and library versions of the last start
        samples.csv, .json     the table of samples, with task and digest
        images.csv             SHA-256 of every image file
        fingerprints.parquet   SHA-256, perceptual hash and thumbnail of every image, to know it again
        quarantine.csv         images that cannot be decoded, and why
        corrections.csv        the overlay of corrections that the labels follow, where there is one
        folds.csv, .json       the frozen folds, with digest and the leak check's verdict
        audit.json             what the images are like
        backbone/              a frozen backbone: model.safetensors, model.json
        fold-<k>/<model>/      one training: journal.jsonl, seconds.jsonl, checkpoints/, model.safetensors, model.json
                               last_epoch.parquet, where a mean over the last epochs predicts in its place
        refit/<model>/         the model on all images, as one training; refit/refit.json says for how long
        teacher/fold-<k>/      what the teachers answer to the images that a fold learns from, where there are any
        results.csv            a row an epoch, over all folds and parts
        predictions/oof.parquet         out-of-fold rows of every validated sample
        predictions/<test>.parquet      mean over folds of a test set; <test>-fold-<k>.parquet each fold's
        predictions/<test>-images/      which files were asked for: samples.csv, samples.json, digests in images.csv
        predictions/<test>.csv          the answers: class and probability of every target, as decided
        ensemble.json          in a run whose models are those of other runs: which ones, and how they are combined;
                               it has no recipe, backbone or fold-<k> folders
        members/<name>-oof.parquet, -test.parquet    predictions of an ensemble that somebody gave
        decisions.json         thresholds and decoding that predict and submit follow, if any were set
        tta.json               the audit of test-time views, and the views that predict uses since
        predictions/oof-tta/   out-of-fold predictions of every fold under each audited view
        scores.json            scores with intervals
        report.html            all of it on one page
        explanation/           sheets of maps over images (PNG), and explanation.json with their numbers
        robustness/            a sheet of corruptions (PNG), and robustness.json with the scores under them
        slices.json            scores by the values of columns, as podium slices was asked for them
        map/                   the images in two dimensions: map.csv, map.json, a PNG for each colouring
        predictions/oof-stress/ out-of-fold predictions of corrupted images
        model.json             the model: classes, preprocessing, start weights, score, digests
        MODEL_CARD.md          the same for people; the text under "Intended use" is the user's
        submission.csv         the last submission written from this run
        evaluations.jsonl      a line a look at the holdout or a labelled test set: when, what, digests, scores
        submissions.jsonl      a line a submission: when, what, digest, class counts, what was known of it
        submissions/<digest>.csv.gz     the answers of each submission, to compare the next one with
    runs/leaderboard.jsonl     a line a score that a leaderboard gave to a submission of any of these runs

A fold has one model, "all", or one for every attribute, named for its head.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from podium import durable
from podium.advice import call, option
from podium.curate import CLUSTERS_NAME
from podium.errors import CorruptFileError, StorageError, UnknownNameError, UsageError
from podium.store.run_record import check_record

__all__ = [
    "FORMAT",
    "TABLE_FILES",
    "RunFolder",
    "check_format",
    "find_run",
    "list_runs",
    "number_of",
    "runs_in",
]

FORMAT = 2
"""Version of this layout, in run.json."""
TABLE_FILES = (
    *("samples.csv", "samples.json", "images.csv", "quarantine.csv", "audit.json", "folds.csv", "folds.json"),
    "corrections.csv",
)
"""Tables of prepared data, which a run holds too."""


@dataclass(frozen=True)
class RunFolder:
    """Paths of one run. Holding one does not mean that any of them exists."""

    path: Path

    @property
    def name(self) -> str:
        """The run's name, its folder's."""
        return self.path.name

    @property
    def run_file(self) -> Path:
        """What was asked for."""
        return self.path / "run.json"

    @property
    def recipe_file(self) -> Path:
        """Everything that changes the numbers."""
        return self.path / "recipe.yaml"

    @property
    def ensemble_file(self) -> Path:
        """The runs of an ensemble and how they are combined; absent in a run with models of its own."""
        return self.path / "ensemble.json"

    @property
    def is_ensemble(self) -> bool:
        """Whether the run's models are those of other runs."""
        return self.ensemble_file.is_file()

    @property
    def definition_file(self) -> Path:
        """What makes its numbers: the recipe, or the record of an ensemble."""
        return self.ensemble_file if self.is_ensemble else self.recipe_file

    @property
    def environment_file(self) -> Path:
        """Machine and versions."""
        return self.path / "environment.json"

    @property
    def audit_file(self) -> Path:
        """Summary of the images."""
        return self.path / "audit.json"

    @property
    def images_file(self) -> Path:
        """Digests of the image files."""
        return self.path / "images.csv"

    @property
    def fingerprints_file(self) -> Path:
        """What tells twins of the images."""
        return self.path / "fingerprints.parquet"

    @property
    def corrections_file(self) -> Path:
        """The overlay of corrections that the labels follow; absent without one."""
        return self.path / "corrections.csv"

    @property
    def quarantine_file(self) -> Path:
        """Images that cannot be decoded."""
        return self.path / "quarantine.csv"

    @property
    def results_file(self) -> Path:
        """A row an epoch."""
        return self.path / "results.csv"

    @property
    def scores_file(self) -> Path:
        """Scores with intervals."""
        return self.path / "scores.json"

    @property
    def report_file(self) -> Path:
        """The report."""
        return self.path / "report.html"

    @property
    def explanation_folder(self) -> Path:
        """Sheets of maps over images, and their numbers."""
        return self.path / "explanation"

    @property
    def robustness_folder(self) -> Path:
        """The sheet of corruptions, and the scores under them."""
        return self.path / "robustness"

    @property
    def map_folder(self) -> Path:
        """The images in two dimensions by their embeddings."""
        return self.path / "map"

    def stress_predictions_file(self, corruption: str, severity: int, seed: int) -> Path:
        """Out-of-fold predictions of corrupted images; severity 0 is the clean ones."""
        return self.path / "predictions" / "oof-stress" / f"{corruption}-{severity}-seed-{seed}.parquet"

    @property
    def submission_file(self) -> Path:
        """The last submission."""
        return self.path / "submission.csv"

    @property
    def decisions_file(self) -> Path:
        """How probabilities become answers; absent where nothing was decided."""
        return self.path / "decisions.json"

    @property
    def clusters_file(self) -> Path:
        """Images that look as those of one object do; absent where no such clusters are clear."""
        return self.path / CLUSTERS_NAME

    @property
    def slices_file(self) -> Path:
        """Scores by the values of columns."""
        return self.path / "slices.json"

    @property
    def views_file(self) -> Path:
        """What the audit of test-time views found; absent without one."""
        return self.path / "tta.json"

    def view_predictions_file(self, name: str, fold: int) -> Path:
        """Out-of-fold predictions of a fold under one test-time view, by a name that is safe for a file."""
        return self.path / "predictions" / "oof-tta" / f"{name}-fold-{fold}.parquet"

    @property
    def submissions_file(self) -> Path:
        """A line a submission."""
        return self.path / "submissions.jsonl"

    def answers_file(self, sha256: str) -> Path:
        """The answers of a submission with this digest."""
        return self.path / "submissions" / f"{sha256[:16]}.csv.gz"

    def given_file(self, member: str, kind: str) -> Path:
        """In an ensemble, predictions that somebody gave: "oof" or "test"."""
        return self.path / "members" / f"{_safe_name(member)}-{kind}.parquet"

    @property
    def model_file(self) -> Path:
        """What the model is, for programs."""
        return self.path / "model.json"

    @property
    def model_card_file(self) -> Path:
        """What the model is, for people."""
        return self.path / "MODEL_CARD.md"

    @property
    def evaluations_file(self) -> Path:
        """A line a look at the holdout or a labelled test set."""
        return self.path / "evaluations.jsonl"

    @property
    def backbone_folder(self) -> Path:
        """Weights of a frozen backbone, shared by all folds."""
        return self.path / "backbone"

    @property
    def oof_file(self) -> Path:
        """Out-of-fold predictions."""
        return self.predictions_file("oof")

    def predictions_file(self, name: str, fold: int | None = None) -> Path:
        """Predictions of a named image set; one fold's, or the mean."""
        ending = "" if fold is None else f"-fold-{fold}"
        return self.path / "predictions" / f"{name}{ending}.parquet"

    def asked_folder(self, name: str) -> Path:
        """Which images a test set has: a table of samples, and the digests of the files."""
        return self.path / "predictions" / f"{name}-images"

    def training_folder(self, fold: int, model: str) -> Path:
        """Folder of one training. A model's name comes from the data, so it is made safe for a file system."""
        return self.path / f"fold-{fold}" / _safe_name(model)

    @property
    def refit_file(self) -> Path:
        """For how long the model on all images is trained."""
        return self.path / "refit" / "refit.json"

    def refit_folder(self, model: str) -> Path:
        """Folder of a training on all images."""
        return self.path / "refit" / _safe_name(model)

    def read(self) -> dict[str, Any]:
        """The content of run.json.

        Raises:
            StorageError: If this is no run folder, or one of another version.
            CorruptFileError: If a field is not what Podium writes; names it.
        """
        record: dict[str, Any] = durable.read_json(self.run_file)
        if not isinstance(record, dict):
            raise CorruptFileError("this is not the run.json of a run.", where=self.run_file)
        check_format(record, self.path)
        check_record(record, self.run_file)
        return record

    @property
    def n_threads(self) -> int:
        """Threads of each process that trains; the number changes the last bits.

        Raises:
            CorruptFileError: If run.json does not know.
        """
        found: int | None = self.read().get("threads")
        if found is None:
            raise CorruptFileError("the field 'threads' is missing.", where=self.run_file, fix="Restore the file.")
        return found

    def is_fold_done(self, fold: int) -> bool:
        """Whether all models of a fold are trained and its valid samples are predicted."""
        return self.is_ensemble or self.predictions_file("oof", fold).is_file()

    def folds_left(self, folds: Collection[int] = ()) -> list[int]:
        """Folds that are not done, of these or, where none are given, of all that the run was asked for."""
        return [fold for fold in sorted(folds or self.read()["folds"]) if not self.is_fold_done(fold)]

    @property
    def is_finished(self) -> bool:
        """Whether every asked-for fold is trained and scored."""
        return self.scores_file.is_file()


def check_format(record: Mapping[str, Any], folder: Path) -> None:
    """Raise StorageError unless this version of podium wrote the run.json that a record was read from."""
    if record.get("format") != FORMAT:
        raise StorageError(
            f"another version of Podium wrote this run (format {record.get('format')}, expected {FORMAT}).",
            where=folder,
        )


def model_of(training_folder: Path) -> str:
    """The model that a folder of `RunFolder.training_folder` belongs to."""
    return unquote(training_folder.name)


def _safe_name(text: str) -> str:
    # A dot is escaped too: a model called ".." would leave its fold's folder.
    return re.sub(r"[^\w-]", lambda found: "".join(f"%{byte:02x}" for byte in found[0].encode()), text)


def list_runs(root: Path) -> list[RunFolder]:
    """All runs in a folder, in the order they were created; those that cannot be read come first."""
    return sorted(runs_in(root), key=lambda run: (number_of(run), _natural(run.name)))


def runs_in(root: Path) -> list[RunFolder]:
    """All runs in a folder, in no order."""
    return [RunFolder(path.parent) for path in root.glob("*/run.json") if path.is_file()] if root.is_dir() else []


def number_of(run: RunFolder) -> int:
    """The run's place in the order of creation; a clock can be wrong, and two runs can start in one second."""
    try:
        number = durable.read_json(run.run_file).get("number", 0)
    except (StorageError, AttributeError):
        return -1
    return number if isinstance(number, int) else -1  # whatever else is wrong with it


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in re.split(r"(\d+)", name)]


def _is_run(path: Path) -> bool:
    try:
        return (path / "run.json").is_file()
    except OSError:  # a name that no file can have
        return False


def find_run(root: Path, name: str) -> RunFolder:
    """A run by its folder, its name, or "last".

    Raises:
        UsageError: If there are no runs.
        UnknownNameError: If there is no such run; says the nearest.
    """
    if _is_run(Path(name)):
        return RunFolder(Path(name))
    runs = list_runs(root)
    if not runs:
        fix = f"Start one with {call('podium.train', 'FOLDER')}, or name the right folder with {option('runs')}."
        raise UsageError("there are no runs here.", where=root, fix=fix)
    if name == "last":
        return runs[-1]
    for run in runs:
        if run.name == name:
            return run
    raise UnknownNameError("run", name, [run.name for run in runs], where=root)
