"""All that one pass over a set of images learnt of each, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.auditing.looks import Looks
from podium.curate import Audit
from podium.tables import Samples

__all__ = ["LookedAt"]


@dataclass(frozen=True, eq=False)
class LookedAt:
    """N images, those that cannot be used among them.

    Args:
        samples: The images, with labels where they have some.
        audit: Facts of their files, in the same order.
        looks: Contrast and sharpness, in the same order.
        thumbnails: Grey thumbnails, uint8 (N, h, w).
    """

    samples: Samples
    audit: Audit
    looks: Looks
    thumbnails: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.samples)

    def usable(self) -> LookedAt:
        """Those that can be used."""
        return self.take(np.flatnonzero(self.audit.is_ok))

    def take(self, rows: NDArray[np.int64]) -> LookedAt:
        """The images of these rows, in this order; copies stay named, whether they are among them or not."""
        columns: dict[str, Any] = {name: column[rows] for name, column in self.audit.columns().items()}
        looks = Looks(*(column[rows] for column in self.looks))
        return LookedAt(self.samples.take(rows), replace(self.audit, **columns), looks, self.thumbnails[rows])
