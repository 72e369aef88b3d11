"""Scores of classes as cosines to the training images that lie nearest, or to the mean direction of a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["NearestLayer", "make_prototypes", "nearest_cosines", "sets_of"]

FARTHEST = -1.0
"""The cosine to a class without images."""


class NearestLayer(nn.Module):
    """Features (N, D) to logits (N, C), from remembered rows in place of weights.

    The score of a class is the mean cosine to its `n_neighbours` nearest rows, or to all of them where it has fewer.
    With several labels it is that of the rows with the label minus that of the rows without. Logits are scores times
    `slope` plus `offset`. A state dict of any number of rows loads.

    Args:
        n_features: D.
        n_classes: C.
        is_multi: Whether an image may have several labels.

    Attributes:
        rows: Directions of length 1, shape (M, D).
        marks: 1 where a row has the class, 0 where it has not, -1 where that is unknown, int8 (M, C).

    Source:
        Mitani and Hamamoto 2006, "A local mean-based nonparametric classifier", with cosines; with one row a class
        Snell et al. 2017, "Prototypical Networks for Few-shot Learning".
    """

    rows: Tensor
    marks: Tensor
    n_neighbours: Tensor
    slope: Tensor
    offset: Tensor

    def __init__(self, n_features: int, n_classes: int, *, is_multi: bool = False) -> None:
        super().__init__()
        self.is_multi = is_multi
        self.register_buffer("rows", torch.zeros(0, n_features))
        self.register_buffer("marks", torch.zeros(0, n_classes, dtype=torch.int8))
        self.register_buffer("n_neighbours", torch.ones((), dtype=torch.int64))
        self.register_buffer("slope", torch.ones(n_classes))
        self.register_buffer("offset", torch.zeros(n_classes))

    @torch.no_grad()
    def remember(self, rows: Tensor, marks: Tensor, n_neighbours: int, slope: Tensor, offset: Tensor) -> None:
        """Take these rows, of any length above 0, in place of those that were there; slope and offset (C,) or ()."""
        self.rows = functional.normalize(rows.to(self.rows), dim=1)
        self.marks = marks.to(self.marks)
        self.n_neighbours.fill_(n_neighbours)
        self.slope.copy_(slope.expand_as(self.slope))
        self.offset.copy_(offset.expand_as(self.offset))

    def forward(self, features: Tensor) -> Tensor:
        """Logits (N, C), float32 at least."""
        with torch.autocast(features.device.type, enabled=False):  # cosines of bfloat16 have two digits
            precise = features.to(torch.promote_types(features.dtype, torch.float32))
            cosines = functional.normalize(precise, dim=1) @ self.rows.to(precise.dtype).T  # (N, M)
            sets = sets_of(self.marks, is_multi=self.is_multi)
            [scores] = nearest_cosines(cosines, sets, [int(self.n_neighbours)], is_multi=self.is_multi)
            return scores * self.slope + self.offset

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        for name in ("rows", "marks"):
            given = state_dict.get(f"{prefix}{name}")
            if given is not None and given.shape[1:] == getattr(self, name).shape[1:]:
                setattr(self, name, getattr(self, name).new_empty(given.shape))
        super()._load_from_state_dict(state_dict, prefix, *rest)


def sets_of(marks: Tensor, *, is_multi: bool) -> list[Tensor]:
    """Numbers of the rows that have each class; with several labels then of those without each.

    Args:
        marks: 1, 0 or -1, shape (M, C).
        is_multi: Whether an image may have several labels.
    """
    columns = marks.T.contiguous()
    sets = [torch.nonzero(column == 1)[:, 0] for column in columns]
    return sets + [torch.nonzero(column == 0)[:, 0] for column in columns] if is_multi else sets


def nearest_cosines(cosines: Tensor, sets: Sequence[Tensor], counts: Sequence[int], *, is_multi: bool) -> list[Tensor]:
    """The score of every class, shape (N, C), for each number of neighbours.

    Args:
        cosines: Of images to rows, shape (N, M).
        sets: From `sets_of`.
        counts: Numbers of neighbours.
        is_multi: Whether the sets are those with and those without each label.
    """
    columns = [_means(cosines[:, own], counts) for own in sets]  # (counts, N) each
    scores = torch.stack(columns, dim=2)  # (counts, N, sets)
    if is_multi:
        with_it, without = scores.chunk(2, dim=2)
        scores = with_it - without
    return list(scores)


def _means(cosines: Tensor, counts: Sequence[int]) -> Tensor:
    """Mean of the largest cosines, shape (counts, N)."""
    n_rows = cosines.shape[1]
    if n_rows == 0:
        return cosines.new_full((len(counts), len(cosines)), FARTHEST)
    most = min(max(counts), n_rows)
    nearest = cosines.topk(most, dim=1).values
    means = nearest.cumsum(dim=1) / torch.arange(1, most + 1, device=cosines.device)
    return torch.stack([means[:, min(count, n_rows) - 1] for count in counts])


def make_prototypes(rows: Tensor, marks: Tensor, *, is_multi: bool) -> tuple[Tensor, Tensor]:
    """The mean direction of each class, and with several labels that of the rows without it; as rows with marks.

    Args:
        rows: Directions of length 1, shape (M, D).
        marks: Shape (M, C).
        is_multi: Whether an image may have several labels.
    """
    n_classes, found, own_marks = marks.shape[1], [], []
    for place, own in enumerate(sets_of(marks, is_multi=is_multi)):
        if len(own):
            found.append(functional.normalize(rows[own].mean(dim=0), dim=0))
            mark = marks.new_full((n_classes,), -1)
            mark[place % n_classes] = 1 if place < n_classes else 0
            own_marks.append(mark)
    return torch.stack(found), torch.stack(own_marks)
