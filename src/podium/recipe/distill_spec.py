"""Knowledge distillation: finished runs whose answers are learnt beside the labels."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from podium.recipe.part import Name, Part

__all__ = ["DistillSpec"]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class DistillSpec(Part):
    """Knowledge distillation (Hinton et al. 2015): the probabilities of finished runs, learnt beside the labels."""

    teacher: Annotated[tuple[Name, ...], BeforeValidator(_as_list)] = ()
    """Finished runs of the same task on the same folds, by name or folder; of several the mean counts. Fold k learns
    from the models of their fold k alone, which have not seen its validation samples. Empty distils nothing."""
    weight: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of the teacher in the loss; the labels have the rest, and with 1 nothing."""
    temperature: Annotated[float, Field(ge=0.1, le=100)] = 2.0
    """Above 1 it brings out what the teacher thinks of the less probable classes."""
    teacher_sha256: Annotated[str, Field(pattern=r"^(auto|[0-9a-f]{64})$")] = "auto"
    """Digest of the teachers' weights; auto takes those that are there, and a run keeps which they were."""
