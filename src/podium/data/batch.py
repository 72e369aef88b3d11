"""What a loader yields, and how labels become targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from podium.errors import UsageError
from podium.listing import count_of

__all__ = ["Batch", "as_weight_tensor", "check_columns", "gather_targets"]


@dataclass(frozen=True, eq=False)
class Batch:
    """B samples ready for the model.

    Attributes:
        images: uint8 (B, h, w, 3) images, or floating (B, ...) features of a frozen backbone or frozen blocks.
        targets: Per head int64 (B,) class indices with -1 = missing; float32 (B, C) with -1 = missing for a
            multi-label head, for a head with soft labels, and for every head where images are mixed.
        rows: Rows of the cache the samples came from, shape (B,).
        weights: Weight of each sample's loss, float32 (B,); None weighs all alike.
        n_whole: Samples of the whole batch, where this is the share of one process of several.
        offset_after: Position in the epoch's order after this batch; `from_position` goes on from there.
    """

    images: torch.Tensor
    targets: dict[str, torch.Tensor]
    rows: NDArray[np.int64]
    offset_after: int
    weights: torch.Tensor | None = None
    n_whole: int | None = None

    @property
    def n_samples(self) -> int:
        """Samples of the whole batch."""
        return len(self.rows) if self.n_whole is None else self.n_whole

    def take(self, own: NDArray[np.int64]) -> Batch:
        """The share of one process: its places in the batch, shape (b,)."""
        places = torch.from_numpy(own)
        return replace(
            self,
            images=self.images[places.to(self.images.device)],
            targets={name: target[places] for name, target in self.targets.items()},
            rows=self.rows[own],
            weights=None if self.weights is None else self.weights[places],
            n_whole=len(self),
        )

    def __len__(self) -> int:
        return len(self.rows)


def gather_targets(targets: Mapping[str, NDArray[Any]], positions: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """The targets at these positions: int64 (B,) or float32 (B, C)."""
    return {
        name: column[positions].astype(np.int64 if column.ndim == 1 else np.float32) for name, column in targets.items()
    }


def as_weight_tensor(weights: NDArray[np.float64] | None) -> torch.Tensor | None:
    """Weights of a batch's samples in float32, if there are any."""
    return None if weights is None else torch.from_numpy(weights.astype(np.float32))


def check_columns(n_rows: int, columns: Mapping[str, NDArray[Any]]) -> None:
    """Raise UsageError unless every column has one entry for each of the loader's rows."""
    for name, column in columns.items():
        if len(column) != n_rows:
            raise UsageError(
                f"{name} has {count_of(len(column), 'entry')}, the loader has {count_of(n_rows, 'row')}.",
                fix="Pass the column of these rows, as in labels[rows].",
            )
