"""JSON documents of commands that train or choose how."""

from __future__ import annotations

from pydantic import ConfigDict

from podium.cli.documents.base import Document, Record, ScoresDocument, Words

__all__ = [
    "EventsDocument",
    "LrFindDocument",
    "RecipeCheckDocument",
    "RecipeDiffDocument",
    "RecipeDocument",
    "RefitDocument",
    "SearchDocument",
    "StudyDocument",
    "TrackDocument",
    "TrainDocument",
]


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


class SearchDocument(Document):
    """Recipes tried, and what the winner is worth."""

    model_config = ConfigDict(extra="allow", strict=True)


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


class EventsDocument(Document):
    """Scalars of event files, a line a run and tag."""

    folder: str
    rows: int
    tags: list[Record]
    out: str | None


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
