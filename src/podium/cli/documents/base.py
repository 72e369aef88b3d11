"""What documents are made of: intervals, scores, errors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

__all__ = [
    "Document",
    "ErrorDocument",
    "FoldDocument",
    "IntervalDocument",
    "OpenDocument",
    "Record",
    "ScoresDocument",
    "TargetDocument",
    "Words",
]

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


class OpenDocument(Document):
    """One object."""

    model_config = ConfigDict(extra="allow", strict=True)
