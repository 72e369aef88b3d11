"""What a model says of some images: probabilities of every class, and the answer that it decides on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.tables import Head, Task

__all__ = ["Answers", "Told"]

Told = str | list[str] | None
"""A class name; for several labels their names; None for "unknown"."""


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers for N images.

    Args:
        task: What was asked.
        ids: Names of the images, shape (N,).
        probs: Per target, float32 (N, C).
        decided: Per target, class numbers (N,), -1 for unknown; 0 and 1 (N, C) for several labels.
        model_id: Which model answered.
    """

    task: Task
    ids: NDArray[np.object_]
    probs: Mapping[str, NDArray[np.float32]]
    decided: Mapping[str, NDArray[np.int64]]
    model_id: str = ""

    def __len__(self) -> int:
        return len(self.ids)

    def names(self, target: str) -> list[Told]:
        """The answers of a target in words."""
        head = next(head for head in self.task.targets if head.name == target)
        return [_told(head, row) for row in self.decided[target].tolist()]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """A JSON-ready record an image: its id, and for every target the answer and each class's probability."""
        told = {head.name: self.names(head.name) for head in self.task.targets}
        for row, name in enumerate(self.ids.tolist()):
            yield {
                "id": name,
                "answers": {head.name: told[head.name][row] for head in self.task.targets},
                "probs": {
                    head.name: dict(zip(head.classes, map(float, self.probs[head.name][row]), strict=True))
                    for head in self.task.targets
                },
            }

    def columns(self) -> dict[str, list[Any]]:
        """Columns of a table: `id`, every target's answer, and `target=class` for each probability."""
        found: dict[str, list[Any]] = {"id": self.ids.tolist()}
        for head in self.task.targets:
            told = self.names(head.name)
            found[head.name] = ["|".join(item) if isinstance(item, list) else item or "" for item in told]
            for place, label in enumerate(head.classes):
                found[f"{head.name}={label}"] = self.probs[head.name][:, place].tolist()
        return found


def join_answers(parts: Sequence[Answers]) -> Answers:
    """Answers one after the other."""
    first = parts[0]
    return Answers(
        first.task,
        np.concatenate([part.ids for part in parts]),
        {name: np.concatenate([part.probs[name] for part in parts]) for name in first.probs},
        {name: np.concatenate([part.decided[name] for part in parts]) for name in first.decided},
        first.model_id,
    )


def _told(head: Head, row: Any) -> Told:
    if head.is_multi:
        return [label for label, is_in in zip(head.classes, row, strict=True) if is_in]
    return None if row < 0 else head.classes[row]
