"""JSON documents of commands that predict, decide and submit."""

from __future__ import annotations

from pydantic import ConfigDict

from podium.cli.documents.base import Document, IntervalDocument, Record, ScoresDocument, Words

__all__ = [
    "DecideDocument",
    "EnsembleDocument",
    "LeaderboardDocument",
    "PredictDocument",
    "PredictExportedDocument",
    "PseudoDocument",
    "SubmitDocument",
    "TtaDocument",
]


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
