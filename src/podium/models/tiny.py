"""A backbone of about two thousand parameters: for tests, for the demo of a run in seconds, and to debug a recipe."""

from __future__ import annotations

from typing import Any

import torch
from timm.layers import SelectAdaptivePool2d
from torch import Tensor, nn

__all__ = ["TinyBackbone"]


class TinyBackbone(nn.Module):
    """Three strided convolutions with batch norm, then the mean over all positions.

    The weights depend on `seed` alone: the global random state is neither read nor advanced.

    Args:
        seed: Seed of the initial weights.
        drop_rate: Dropout on the pooled features, in [0, 1).

    Example:
        >>> TinyBackbone()(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 16])
    """

    n_features = 16

    def __init__(self, *, seed: int = 0, drop_rate: float = 0.0) -> None:
        super().__init__()
        # torch's layers draw weights of their own first, which would move the caller's random state.
        with torch.random.fork_rng(devices=[]):
            self.stem = _convolution(3, 8)
            self.stage1 = _convolution(8, 8)
            self.stage2 = _convolution(8, self.n_features)
        self.global_pool: nn.Module = SelectAdaptivePool2d(pool_type="fast", flatten=True)  # the mean
        self.dropout = nn.Dropout(drop_rate)
        generator = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # torch's own `kaiming_normal_`, fan out, with a generator of its own.
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Layers as timm's models name theirs; what is learnt in the pooling belongs to the heads."""
        return {"stem": r"^stem", "blocks": r"^stage(\d+)"}

    def forward(self, images: Tensor) -> Tensor:
        """Pooled features (N, 16) of normalised images (N, 3, H, W)."""
        maps = self.stage2(self.stage1(self.stem(images)))  # (N, 16, H / 8, W / 8)
        features: Tensor = self.dropout(self.global_pool(maps))
        return features


def _convolution(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel_size=3, stride=2, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()
    )
