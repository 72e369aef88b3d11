"""What a robustness card says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podium.metrics.robustness import Robustness

__all__ = ["StressCard"]


@dataclass(frozen=True)
class StressCard:
    """What `stress_run` found. All scores are out of fold.

    Args:
        run: Name of the run.
        seed: Seed of corruptions and of the sample of images.
        n_images: Images that were corrupted.
        n_of: Images of the run.
        severities: Severities.
        levels: By corruption, what each severity means.
        families: By corruption, what it is like.
        main: The main target.
        others: The other targets by name.
        weights: Digest of every model's weights.
        notes: What the user should know besides.
        sheet: The sheet that shows the corruptions, a PNG file.
    """

    run: str
    seed: int
    n_images: int
    n_of: int
    severities: tuple[int, ...]
    levels: Mapping[str, tuple[str, ...]]
    families: Mapping[str, str]
    main: Robustness
    others: Mapping[str, Robustness]
    weights: Mapping[str, str]
    notes: tuple[str, ...]
    sheet: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return self.__dict__ | {
            "severities": list(self.severities),
            "levels": {name: list(words) for name, words in self.levels.items()},
            "families": dict(self.families),
            "main": self.main.to_dict(),
            "others": {name: one.to_dict() for name, one in self.others.items()},
            "weights": dict(self.weights),
            "notes": list(self.notes),
        }
