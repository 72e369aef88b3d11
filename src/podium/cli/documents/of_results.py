"""JSON documents of commands that judge a run."""

from __future__ import annotations

from pydantic import ConfigDict

from podium.cli.documents.base import Document, IntervalDocument, Record, ScoresDocument, Words

__all__ = [
    "AgreeDocument",
    "CompareDocument",
    "EvaluateDocument",
    "ExplainDocument",
    "LabelVerdictDocument",
    "LikeDocument",
    "MapDocument",
    "NextDocument",
    "ReportDocument",
    "RunsDiffDocument",
    "RunsDocument",
    "StressDocument",
    "SuspectsDocument",
]


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


class MapDocument(Document):
    """Images in two dimensions."""

    model_config = ConfigDict(extra="allow", strict=True)


class LikeDocument(Document):
    """With --like: the images most like one."""

    like: list[Record]


class StressDocument(Document):
    """A robustness card."""

    model_config = ConfigDict(extra="allow", strict=True)


class ReportDocument(Document):
    """The data of every section of the report."""

    model_config = ConfigDict(extra="allow", strict=True)

    report: str
    run: str
    headline: Record
    cautions: Record
    problems: Words


class RunsDocument(Document):
    """All runs, and the studies and searches beside them."""

    runs: list[Record]
    folders: list[Record]


class RunsDiffDocument(Document):
    """With --diff: how two recipes differ."""

    runs: Words
    differences: Words
    score: Record | None
