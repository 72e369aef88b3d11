"""The model that is trained, saved and exported: raw uint8 images in, logits of every head out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from podium.listing import count_of
from podium.models.backbone import Backbone
from podium.models.heads import LinearHeads, OrdinalLink
from podium.tables import Task

__all__ = ["Classifier"]

_LAYOUTS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}


class Classifier(nn.Module):
    """A backbone with one layer a head, and the normalisation of its images inside.

    Images are normalised once a batch, in here and nowhere else, so an exported model carries it along and no two
    places can disagree about it.

    Args:
        backbone: From `build_backbone`.
        task: The heads, the one source of the class order.
        dropout: Dropout before the heads, in [0, 1).
        ordinal: Layer of heads whose classes are in order, see `LinearHeads`.
        heads: Heads that are made already, such as those of a frozen-backbone baseline; `dropout` and `ordinal` are
            then theirs.

    Raises:
        ValueError: If `heads` are of another task or another number of features.

    Example:
        >>> from podium.models import build_backbone
        >>> from podium.tables import Head
        >>> task = Task((Head("mask", "single", ("wear", "wrong", "none")),))
        >>> model = Classifier(build_backbone("tiny", "random"), task)
        >>> model(torch.zeros(2, 32, 32, 3, dtype=torch.uint8))["mask"].shape
        torch.Size([2, 3])
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: Backbone,
        task: Task,
        *,
        dropout: float = 0.0,
        ordinal: OrdinalLink = "softmax",
        heads: LinearHeads | None = None,
    ) -> None:
        super().__init__()
        if heads is not None and (heads.task != task or heads.n_features != backbone.n_features):
            raise ValueError(
                f"these heads are for {count_of(heads.n_features, 'feature')} and {heads.task}, "
                f"the model is for {count_of(backbone.n_features, 'feature')} and {task}"
            )
        self.task = task
        self.n_features = backbone.n_features
        self.backbone = backbone.module
        if heads is None:
            heads = LinearHeads(task, backbone.n_features, dropout=dropout, ordinal=ordinal)
        self.heads = heads
        self.register_buffer("mean", torch.tensor(backbone.mean))
        self.register_buffer("std", torch.tensor(backbone.std))
        # Convolutions on channels-last weights mostly are the fast ones, and the images arrive in that layout.
        self._memory_format = torch.channels_last
        self.to(memory_format=self._memory_format)
        self.takes_block_output = False

    def lay_out(self, layout: str) -> None:
        """Keep weights and activations in this memory layout: "channels_last" or "contiguous"."""
        if self._memory_format != _LAYOUTS[layout]:
            self._memory_format = _LAYOUTS[layout]
            self.to(memory_format=self._memory_format)

    @property
    def memory_format(self) -> torch.memory_format:
        """Layout of weights and activations."""
        return self._memory_format

    def normalise(self, images: Tensor) -> Tensor:
        """Images as the backbone wants them, (N, 3, H, W) in the model's layout.

        Args:
            images: RGB on the scale 0 to 255, uint8 or floating, (N, H, W, 3) or (N, 3, H, W). Where both readings
                fit, (N, H, W, 3) is taken.

        Raises:
            ValueError: If the shape is neither.
        """
        # (x / 255 - mean) / std as one multiply-add over the batch.
        scale, shift = 1 / (255 * self.std), -self.mean / self.std
        if images.ndim == 4 and images.shape[3] == 3 and images.dtype == torch.uint8 and images.is_contiguous():
            # Whole rows at a time: a loop over three channels takes three times as long.
            width = images.shape[2]
            rows = images.reshape(-1, 3 * width).to(self.mean.dtype)
            torch.addcmul(shift.repeat(width), rows, scale.repeat(width), out=rows)
            return rows.view(images.shape).permute(0, 3, 1, 2).contiguous(memory_format=self._memory_format)
        if images.ndim == 4 and images.shape[3] == 3:
            images = images.permute(0, 3, 1, 2)  # (N, 3, H, W), channels-last without a copy
        elif images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f"expected images (N, H, W, 3) or (N, 3, H, W), got {tuple(images.shape)}")
        pixels = images.to(self.mean.dtype, memory_format=self._memory_format)
        return torch.addcmul(shift.view(1, 3, 1, 1), pixels, scale.view(1, 3, 1, 1))

    def features(self, images: Tensor) -> Tensor:
        """Pooled features (N, D) of raw images, see `normalise` for what they may be.

        Once `SplitPoint.apply` has set `takes_block_output`, of the frozen blocks' output, (N, H, W, C), instead.
        """
        if not self.takes_block_output:
            images = self.normalise(images)
        else:
            images = images.to(self.mean.dtype)
            images = images.permute(0, 3, 1, 2) if images.ndim == 4 else images  # channels-last without a copy
            images = images.contiguous(memory_format=self._memory_format) if images.ndim == 4 else images
        pooled: Tensor = self.backbone(images)
        return pooled

    def classify(self, features: Tensor) -> dict[str, Tensor]:
        """Logits by head name, each (N, C), from features (N, D)."""
        logits: dict[str, Tensor] = self.heads(features)
        return logits

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Logits by head name, each (N, C) in the task's class order, from raw images."""
        return self.classify(self.features(images))
