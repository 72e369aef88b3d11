"""JSON documents of commands that look at data."""

from __future__ import annotations

from podium.cli.documents.base import Document, Record, ScoresDocument, Words

__all__ = [
    "AuditDocument",
    "DemoDocument",
    "PreviewDocument",
    "ProxyDocument",
    "RegionsDocument",
    "ScanDocument",
    "SplitDocument",
    "StickersDocument",
]


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
