"""What a server answers, for its OpenAPI document."""

from __future__ import annotations

from pydantic import BaseModel

__all__ = ["ErrorDocument", "PredictionDocument"]


class Problem(BaseModel):
    """What went wrong."""

    code: str
    message: str


class ImageDocument(BaseModel):
    """One image: answers and probabilities by target, or why there are none."""

    id: str
    answers: dict[str, str | list[str] | None] | None = None
    probs: dict[str, dict[str, float]] | None = None
    error: Problem | None = None


class PredictionDocument(BaseModel):
    """The images of a request, in its order."""

    model_id: str
    images: list[ImageDocument]


class ErrorDocument(BaseModel):
    """A request that is not answered; its images, where none of them could be decoded."""

    error: Problem
    images: list[ImageDocument] | None = None
