"""Ways of mixing training images: MixUp, CutMix, and patches exchanged inside one image.

One is drawn for every batch; `Mixer` carries it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from podium.data.ranges import check_count, check_probability, check_range
from podium.errors import UsageError

__all__ = ["CutMix", "MixUp", "Mixing", "PartnerKind", "PatchSwap", "choose_mixing"]

PartnerKind = Literal["any", "same_class", "rare"]


@dataclass(frozen=True)
class MixUp:
    """The whole image is a weighted mean of two; the weight is drawn from Beta(alpha, alpha), one a batch.

    Args:
        alpha: Shape of the Beta distribution; small values leave most images nearly alone.
        probability: Chance that a batch is mixed in this way.
        partner: Which image is the other one: any of the batch, one of the same class, or one of a rare class.
        partner_head: Head, or the composite class, whose classes `partner` goes by.
        partner_classes: The rare classes; empty for those with fewer images than the mean.

    Source:
        Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization".
    """

    alpha: float = 0.2
    probability: float = 1.0
    partner: PartnerKind = "any"
    partner_head: str | None = None
    partner_classes: tuple[str, ...] = ()
    kind: Literal["mixup"] = "mixup"

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "alpha", (self.alpha, self.alpha), above=0.0)
        _check_partner(self)


@dataclass(frozen=True)
class CutMix:
    """A part of the image comes from another one; its share of the area is drawn from Beta(alpha, alpha).

    Args:
        alpha: Shape of the Beta distribution; 1 makes all shares as likely.
        probability: Chance that a batch is mixed in this way.
        shape: "box" as in the paper; "strip" a vertical strip of full height; "left_right" the left or right half,
            "top_bottom" the upper or lower one, where `alpha` has no say.
        partner: Which image is the other one: any of the batch, one of the same class, or one of a rare class.
        partner_head: Head, or the composite class, whose classes `partner` goes by.
        partner_classes: The rare classes; empty for those with fewer images than the mean.

    Source:
        Yun et al. 2019, "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features". The
        box is cut at the border and the proportion is that of the area which really changed.
    """

    alpha: float = 1.0
    probability: float = 1.0
    shape: Literal["box", "strip", "left_right", "top_bottom"] = "box"
    partner: PartnerKind = "any"
    partner_head: str | None = None
    partner_classes: tuple[str, ...] = ()
    kind: Literal["cutmix"] = "cutmix"

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_range(self.kind, "alpha", (self.alpha, self.alpha), above=0.0)
        _check_partner(self)
        if self.shape in ("left_right", "top_bottom") and self.alpha != CutMix.alpha:
            raise UsageError(
                f"{self.kind}: alpha has no effect with shape={self.shape}, which is always one half.",
                fix="Leave alpha out, or use shape=strip.",
            )

    def box(self, share: float, u: NDArray[np.float64], height: int, width: int) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 of about `share` of the image, at a place that `u`, shape (2,), says."""
        if self.shape == "left_right":
            middle = width // 2
            return (0, 0, middle, height) if u[0] < 0.5 else (width - middle, 0, width, height)
        if self.shape == "top_bottom":
            middle = height // 2
            return (0, 0, width, middle) if u[0] < 0.5 else (0, height - middle, width, height)
        if self.shape == "strip":
            strip = round(share * width)
            x0 = int(u[0] * (width - strip + 1))
            return x0, 0, x0 + strip, height
        half_width, half_height = (int(np.sqrt(share) * side) // 2 for side in (width, height))
        x, y = int(u[0] * width), int(u[1] * height)
        x0, y0 = max(0, x - half_width), max(0, y - half_height)
        return x0, y0, min(width, x + half_width), min(height, y + half_height)


@dataclass(frozen=True)
class PatchSwap:
    """Patches of one image change places, so its labels stay as they are; for several labels an image.

    Args:
        cells: The image is cut into so many patches a side.
        swaps: Pairs that are exchanged, one after the other, drawn anew for every image.
        probability: Chance that a batch is treated in this way.

    Source:
        Kang et al. 2017, "PatchShuffle Regularization", with whole patches in place of the pixels inside them.
    """

    cells: int = 4
    swaps: int = 2
    probability: float = 0.5
    kind: Literal["patch_swap"] = "patch_swap"

    def __post_init__(self) -> None:
        check_probability(self.kind, self.probability)
        check_count(self.kind, "cells", self.cells, 2, 64)
        check_count(self.kind, "swaps", self.swaps, 1, 4096)


Mixing = MixUp | CutMix | PatchSwap
"""Every way of mixing; `kind` tells them apart."""


def choose_mixing(mixings: Sequence[Mixing], u: float) -> int | None:
    """Place of the way that a uniform number draws; None leaves the batch as it is.

    The probabilities are shares of the batches. Where their sum is above 1, they are scaled to a sum of 1.

    Example:
        >>> [choose_mixing([MixUp(), CutMix()], u) for u in (0.1, 0.6)]
        [0, 1]
        >>> [choose_mixing([MixUp(probability=0.2), CutMix(probability=0.3)], u) for u in (0.1, 0.4, 0.7)]
        [0, 1, None]
    """
    edges = np.cumsum([mixing.probability for mixing in mixings])
    place = int(np.searchsorted(edges / max(1.0, edges[-1]), u, side="right"))
    return place if place < len(mixings) else None


def _check_partner(mixing: MixUp | CutMix) -> None:
    if mixing.partner_head is not None and mixing.partner == "any":
        raise UsageError(
            f"{mixing.kind}: partner_head has no effect with partner=any.",
            fix="Use partner=same_class or partner=rare.",
        )
    if mixing.partner_classes and mixing.partner != "rare":
        raise UsageError(
            f"{mixing.kind}: partner_classes have no effect with partner={mixing.partner}.", fix="Use partner=rare."
        )
