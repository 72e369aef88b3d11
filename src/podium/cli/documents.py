"""The JSON document that each command prints with `--json`: its fields and their types.

`podium schema` makes JSON Schema of these classes, and a test compares them with what every command prints. Objects of
free form (`Record`) have names from the data in them, or facts that vary by kind.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

__all__ = ["DOCUMENTS", "ErrorDocument", "documents_of"]

Record = dict[str, Any]
Words = list[str]


class Document(BaseModel):
    """One object; a field with a default may be missing."""

    model_config = ConfigDict(extra="forbid", strict=True)


class IntervalDocument(Document):
    """A value with its interval; null where it cannot be computed."""

    value: float | None
    low: float | None
    high: float | None
    n_groups: int
    n_resamples: int
    level: float


class TargetDocument(Document):
    """How well one target is predicted."""

    target: str
    kind: str
    n: int
    n_groups: int
    metrics: dict[str, IntervalDocument]
    per_class: list[Record]
    confusion: list[list[int]] | list[list[list[int]]]
    chance: dict[str, float | None]
    perfect: dict[str, float | None]
    absent_classes: Words


class FoldDocument(Document):
    """The main score of one fold."""

    fold: int
    n: int
    interval: IntervalDocument
    chance: float | None


class ScoresDocument(Document):
    """Scores of all targets."""

    main_target: str
    main_metric: str
    targets: dict[str, TargetDocument]
    folds: list[FoldDocument]
    look_alikes: Record | None
    expected: Record | None
    domains: list[Record] = []
    worst_domain: str | None = None
    of_images: Record | None = None


class ErrorDocument(Document):
    """What every command prints instead where it ends with another exit code than 0."""

    error: str
    what: str
    where: str | None
    field: str | None
    fix: str | None
    details: Words
    retry: Record
    exit_code: int


class ScanDocument(Document):
    """What was read."""

    root: str
    n_samples: int
    n_groups: int | None
    n_bags: int | None
    task: Record | None
    notes: Words
    guesses: list[Record]
    unlisted: Words
    missing: Words
    out: str | None


class AuditDocument(Document):
    """What a look at all images and labels found."""

    root: str
    n_images: int
    n_test_images: int | None
    n_groups: int | None
    worst: str | None
    findings: list[Record]
    classes: Record
    cues: list[Record]
    groups: list[Record]
    shift: list[Record]
    files: Record
    notes: Words
    out: str | None


class SplitDocument(Document):
    """Folds, and the leak check."""

    method: str
    digest: str
    summary: Record
    leaks: Record
    out: str


class ProxyDocument(Document):
    """A part of the data."""

    n: int
    n_whole: int
    n_groups: int
    max_drift: float
    random_drift: float
    drift: list[Record]
    test_drift: list[Record]
    notes: Words
    out: str | None


class PreviewDocument(Document):
    """What training will see."""

    recipe: str
    size_px: list[int]
    augmentations: Words
    mixing: Words
    preprocessing: Words
    versions: Words
    changed_share: float
    images: list[Record]
    cautions: Words
    out: str


class TrainDocument(Document):
    """A run; scores are null while folds are left."""

    run: str
    folder: str
    folds_left: list[int]
    extra: Record
    computed_with: Record
    scores: ScoresDocument | None


class StudyDocument(Document):
    """Arms and verdicts."""

    study: str
    folder: str
    arms: list[Record]
    base: Record
    targets: list[Record]
    names: dict[str, str]
    minutes: dict[str, float | None]
    stopped: Words
    missing: Words
    left_out: dict[str, str]
    helpful: Words
    verdicts: dict[str, str]
    notes: Words


class LrFindDocument(Document):
    """A sweep of learning rates."""

    lr: float | None
    epochs: float
    recipe: str
    models: dict[str, Record]
    plot: str | None


class RefitDocument(Document):
    """A model on all images."""

    run: str
    folder: str
    epochs: dict[str, int]
    n_images: int


class TrackDocument(Document):
    """What became of each tracker: "told", or why it was not."""

    run: str
    folder: str
    trackers: dict[str, str]


class PredictDocument(Document):
    """Predictions of new images, and the score that is expected on them."""

    run: str
    n_images: int
    file: str
    expected: Record | None


class PredictExportedDocument(Document):
    """Answers of an exported model."""

    model: str
    engine: str
    file: str
    n_images: int
    n_kept: int
    n_failed: int
    failures: Record
    model_id: str


class PseudoDocument(Document):
    """Labels of unlabelled images."""

    run: str
    n_images: int
    n_rows: int
    out: str


class EvaluateDocument(Document):
    """Scores on a holdout or on labelled images."""

    run: str
    file: str
    scores: ScoresDocument


class SuspectsDocument(Document):
    """Labels that are probably wrong; what annotators and repeats add, where they were asked."""

    model_config = ConfigDict(extra="allow", strict=True)

    run: str
    n_labels: int
    n_confident: dict[str, int]
    suspects: list[Record]
    groups: list[Record]
    annotators: list[Record]
    notes: Words
    written: Words


class NextDocument(Document):
    """With --next: images worth a label."""

    run: str
    next: list[Record]
    out: str | None


class LabelVerdictDocument(Document):
    """With --verdict: what corrections did."""

    model_config = ConfigDict(extra="allow", strict=True)

    before: str
    after: str


class CompareDocument(Document):
    """Verdicts on runs, on the same images."""

    runs: list[Words]
    level: float
    n_images: int
    n_left_out: int
    targets: list[Record]
    flips: dict[str, list[Record]]
    n_flips: Record
    notes: Words
    written: Words


class ExplainDocument(Document):
    """What the answers depend on."""

    run: str
    region: str
    weights: dict[str, str]
    heads: list[Record]
    files: Words


class AgreeDocument(Document):
    """Orders of recipes on a proxy and on all images."""

    target: str
    metric: str
    recipes: list[Record]
    tau: IntervalDocument
    regret: float | None


class EnsembleDocument(Document):
    """A run of several runs."""

    run: str
    scores: ScoresDocument
    members: Record


class TtaDocument(Document):
    """What test-time views add."""

    run: str
    target: str
    metric: str
    n: int
    n_groups: int
    level: float
    before: Words
    score: float | None
    lines: list[Record]
    choice: Record
    gain: Record | None
    gains: Record
    follow: bool
    stored_px: int | None
    notes: Words
    harmful: Words


class DecideDocument(Document):
    """The rules of a run; what was tuned, calibrated or left undecided, where that was asked."""

    model_config = ConfigDict(extra="allow", strict=True)

    rules: Record
    n_changed: Record
    differences: Record
    notes: Words


class ServeDocument(Document):
    """A server that answers now; printed when it is ready, on one line."""

    address: str
    model_id: str
    engine: str
    classes: Record
    token: str | None
    pid: int


class SubmitDocument(Document):
    """A submission and what is known of it."""

    path: str
    template: str
    n_rows: int
    columns: Words
    values: Record
    histogram: Record
    sha256: str
    notes: Words
    warnings: Words
    gate: Record | None
    expected: Record | None


class LeaderboardDocument(Document):
    """Submissions and their scores."""

    submissions: list[Record]
    n_points: int
    pearson: IntervalDocument
    spearman: IntervalDocument
    advice: str
    written: str | None


class EventsDocument(Document):
    """Scalars of event files, a line a run and tag."""

    folder: str
    rows: int
    tags: list[Record]
    out: str | None


class ReportDocument(Document):
    """The data of every section of the report."""

    model_config = ConfigDict(extra="allow", strict=True)

    report: str
    run: str
    headline: Record
    cautions: Record
    problems: Words


class RunsDocument(Document):
    """All runs."""

    runs: list[Record]


class RunsDiffDocument(Document):
    """With --diff: how two recipes differ."""

    runs: Words
    differences: Words
    score: Record | None


class RecipeDocument(Document):
    """With show: a recipe in full; its keys are those of docs/recipes.md."""

    model_config = ConfigDict(extra="allow", strict=True)

    preset: str
    seed: int


class RecipeDiffDocument(Document):
    """With diff."""

    recipes: Words
    differences: Words


class RecipeCheckDocument(Document):
    """With check."""

    recipe: str
    is_sound: bool
    facts: Words


class EnvDocument(Document):
    """What works on this machine."""

    environment: Record
    device: str | None
    gpus: Words
    memory_gib: float | None
    address_limit_gib: float | None
    weights: dict[str, str]
    weights_folder: str
    extras: dict[str, Record]


class CompletionDocument(Document):
    """A script that completes commands: itself, or the file it was written to."""

    shell: str
    script: str | None = None
    file: str | None = None


class DemoDocument(Document):
    """A contest from images to a submission."""

    run: str
    folder: str
    computed_with: Record
    scores: ScoresDocument
    fold_score: float
    test_score: float
    submission: str
    report: str


class RegionsDocument(Document):
    """Boxes that were found."""

    n_images: int
    chain: str
    pad: list[float]
    counts: Record
    files: Words


class StickersDocument(Document):
    """Images that were made."""

    folder: str
    table: str
    n_images: int
    n_left_out: int
    counts: Record


class ExportDocument(Document):
    """A folder that answers without torch."""

    model_config = ConfigDict(extra="allow", strict=True)

    run: str


class BundleDocument(Document):
    """A folder that makes a submission again."""

    run: str
    folder: str
    runs: Words
    predictions: str
    submission_sha256: str | None
    n_images: int
    has_images: bool
    n_files: int
    n_bytes: int


class RerunDocument(Document):
    """A submission made again."""

    folder: str
    agrees: bool
    same_bytes: bool
    n_lines: int | None
    compared: Record
    differences: Words
    computed: Record
    computed_before: Record


class SearchDocument(Document):
    """Recipes tried, and what the winner is worth."""

    model_config = ConfigDict(extra="allow", strict=True)


class MapDocument(Document):
    """Images in two dimensions."""

    model_config = ConfigDict(extra="allow", strict=True)


class LikeDocument(Document):
    """With --like: the images most like one."""

    like: list[Record]


class StressDocument(Document):
    """A robustness card."""

    model_config = ConfigDict(extra="allow", strict=True)


class OpenDocument(Document):
    """One object."""

    model_config = ConfigDict(extra="allow", strict=True)


class SchemaDocument(Document):
    """This document: commands, options, exit codes and documents."""

    podium: str
    exit_codes: dict[str, str]
    commands: dict[str, Record]
    error: Record


DOCUMENTS: dict[str, tuple[type[Document], ...]] = {
    "demo": (DemoDocument,),
    "scan": (ScanDocument,),
    "audit": (AuditDocument,),
    "split": (SplitDocument,),
    "proxy": (ProxyDocument,),
    "regions": (RegionsDocument,),
    "stickers": (StickersDocument,),
    "preview": (PreviewDocument,),
    "train": (TrainDocument,),
    "study": (StudyDocument,),
    "lr-find": (LrFindDocument,),
    "refit": (RefitDocument,),
    "track": (TrackDocument,),
    "predict": (PredictDocument, PredictExportedDocument),
    "pseudo": (PseudoDocument,),
    "evaluate": (EvaluateDocument,),
    "labels": (SuspectsDocument, NextDocument, LabelVerdictDocument),
    "compare": (CompareDocument,),
    "explain": (ExplainDocument,),
    "agree": (AgreeDocument,),
    "ensemble": (EnsembleDocument,),
    "tta": (TtaDocument,),
    "decide": (DecideDocument,),
    "serve": (ServeDocument,),
    "submit": (SubmitDocument,),
    "leaderboard": (LeaderboardDocument,),
    "events": (EventsDocument,),
    "report": (ReportDocument,),
    "runs": (RunsDocument, RunsDiffDocument),
    "recipe": (RecipeDiffDocument, RecipeCheckDocument, RecipeDocument),
    "env": (EnvDocument,),
    "completion": (CompletionDocument,),
    "search": (SearchDocument,),
    "map": (LikeDocument, MapDocument),
    "stress": (StressDocument,),
    "export": (ExportDocument,),
    "bundle": (BundleDocument,),
    "rerun": (RerunDocument,),
    "schema": (SchemaDocument,),
}


def documents_of(command: str) -> tuple[type[Document], ...]:
    """The documents of a command, of which it prints one; an open object where none is described."""
    return DOCUMENTS.get(command, (OpenDocument,))
