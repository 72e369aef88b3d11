"""One layer a head, on features that any backbone made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor, nn

from podium.listing import count_of
from podium.models.cumulative_link import CumulativeLink
from podium.tables import Head, Task

__all__ = ["LinearHeads", "OrdinalLink", "head_key"]

OrdinalLink = Literal["softmax", "cumulative"]
"""How classes in order get their probabilities: as any classes, or between thresholds on one score."""

# Small enough that the first probabilities are near uniform, large enough that classes differ in their gradients.
INITIAL_WEIGHT_STD = 0.01


class LinearHeads(nn.Module):
    """Features (N, D) to a mapping from head name to logits (N, C), in the task's class order.

    Weights start normal with standard deviation 0.01, from torch's global generator; biases start at 0. Features are
    standardised by the buffers `feature_mean` and `feature_scale`, both (D,), which are 0 and 1 until
    `standardise_by` sets them; they are part of the state dict and never learnt.

    Args:
        task: The heads. Their order and names are part of the state dict's keys, so that weights of another task
            do not load by accident.
        n_features: D.
        dropout: Dropout on the standardised features, in [0, 1).
        ordinal: Layer of heads whose classes are in order; with "cumulative" a `CumulativeLink`, whose logits are
            log-probabilities.
        layers: Layers of heads that are not linear, by head name: standardised features (N, D) to logits (N, C).
        nearest: Layers that answer in their place once they hold `rows`, and never in training mode, by head name.
    """

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(
        self,
        task: Task,
        n_features: int,
        *,
        dropout: float = 0.0,
        ordinal: OrdinalLink = "softmax",
        layers: Mapping[str, nn.Module] = MappingProxyType({}),
        nearest: Mapping[str, nn.Module] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self.task = task
        self.n_features = n_features
        self.register_buffer("feature_mean", torch.zeros(n_features))
        self.register_buffer("feature_scale", torch.ones(n_features))
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleDict(
            {
                head_key(i, head.name): layers.get(head.name) or _make_layer(n_features, head, ordinal)
                for i, head in enumerate(task.heads)
            }
        )
        self.nearest = nn.ModuleDict(
            {head_key(i, head.name): nearest[head.name] for i, head in enumerate(task.heads) if head.name in nearest}
        )

    def standardise_by(self, pieces: Callable[[], Iterable[Tensor]]) -> None:
        """Set the standardisation to the mean and standard deviation of these features.

        Give features of training rows only: rows of the valid fold would leak into every score of that fold.

        Args:
            pieces: Gives all features, some rows (n, D) at a time, for a large set is many times the memory of
                anything else; called twice. Constant columns keep a scale of 1.

        Raises:
            ValueError: If a shape is wrong or there are fewer than two rows.
        """
        n_rows = 0
        mean, variance = (self.feature_mean.new_zeros(self.n_features, dtype=torch.float64) for _ in range(2))
        for piece in pieces():
            if piece.ndim != 2 or piece.shape[1] != self.n_features:
                raise ValueError(f"expected features (N >= 2, {self.n_features}), got {tuple(piece.shape)}")
            n_rows += len(piece)
            mean += piece.sum(dim=0, dtype=torch.float64)
        if n_rows < 2:
            raise ValueError(f"expected features (N >= 2, {self.n_features}), got {count_of(n_rows, 'row')}")
        mean /= n_rows
        for piece in pieces():
            variance += piece.double().sub_(mean).square_().sum(dim=0) / n_rows
        std = variance.sqrt()
        # Rounding leaves a constant column with a std of about 1e-16 of its mean, never worth dividing by.
        is_constant = std <= 1e-7 * mean.abs().clamp_min(1e-12)
        self.feature_mean.copy_(mean)
        self.feature_scale.copy_(torch.where(is_constant, torch.ones_like(std), std))

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """Logits by head name, each (N, C)."""
        return self.answer(self.dropout(self.standardise(features)))

    def standardise(self, features: Tensor) -> Tensor:
        """What the layers of all heads see, (N, D)."""
        return (features - self.feature_mean) / self.feature_scale

    def answer(self, standardised: Tensor) -> dict[str, Tensor]:
        """Logits by head name, each (N, C), of standardised features."""
        named = zip(self.task.heads, self.layers.items(), strict=True)
        return {head.name: self._layer_of(key, layer)(standardised) for head, (key, layer) in named}

    def _layer_of(self, key: str, trained: nn.Module) -> nn.Module:
        if self.training or key not in self.nearest:
            return trained
        remembered: Tensor = self.nearest[key].rows  # type: ignore[assignment]
        return self.nearest[key] if len(remembered) else trained


def head_key(position: int, name: str) -> str:
    """A state-dict key for a head: unique by position, readable by name, free of dots.

    Example:
        >>> head_key(1, "type.main")
        'head1_type_main'
    """
    return f"head{position}_{re.sub(r'[^0-9A-Za-z_]', '_', name)}"


def _make_layer(n_features: int, head: Head, ordinal: OrdinalLink) -> nn.Module:
    if head.kind == "ordinal" and ordinal == "cumulative":
        return CumulativeLink(n_features, head.n_classes, weight_std=INITIAL_WEIGHT_STD)
    layer = nn.Linear(n_features, head.n_classes)
    nn.init.normal_(layer.weight, std=INITIAL_WEIGHT_STD)
    nn.init.zeros_(layer.bias)
    return layer
