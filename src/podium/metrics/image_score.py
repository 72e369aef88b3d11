"""The main score of single images, beside that of bags of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podium.metrics.interval import Interval

__all__ = ["ImageScore"]


@dataclass(frozen=True)
class ImageScore:
    """What single images score where one answer is for several, so that pooling can be judged.

    Args:
        pool: How the images of a bag were pooled.
        n_images: Images that were judged.
        n_bags: Answers that were judged.
        interval: Main score of the main target over single images.
    """

    pool: str
    n_images: int
    n_bags: int
    interval: Interval

    def to_dict(self) -> dict[str, Any]:
        """The score as JSON-ready data."""
        return self.__dict__ | {"interval": self.interval.to_dict()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> ImageScore:
        """The score that `to_dict` wrote."""
        return cls(**{**record, "interval": Interval.from_dict(record["interval"])})
