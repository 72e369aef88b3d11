"""The last layer of heads with one class per image: linear, or cosines to class centres."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, model_validator

from podium.recipe.part import Count, Part

__all__ = ["ArcFaceLayer", "LayerSpec", "LinearLayer"]

Angle = Annotated[float, Field(ge=0, lt=math.pi / 2)]


class LinearLayer(Part):
    """Weights and a bias a class."""

    kind: Literal["linear"] = "linear"


class ArcFaceLayer(Part):
    """Cosines to class centres (ArcFace, Deng et al. 2019), for many classes that look alike or have few images. In
    training the angle to an image's own class counts as larger by a margin; the probabilities are those without it."""

    kind: Literal["arcface"] = "arcface"
    margin: Angle = 0.5
    """Radians that training adds to the angle between an image and its own class."""
    least_margin: Angle | None = None
    """Margin of the class with the most training images, while that with the fewest has `margin`; between them it falls
    with the fourth root of their number (Ha et al. 2020). null gives all classes `margin`."""
    scale: PositiveFloat = 30.0
    """Logit of an image that lies on the centre of its class. For a handful of classes about 10."""
    centres: Count = 1
    """Centres of each class; the nearest one counts (sub-centre ArcFace, Deng et al. 2020). 3 for noisy labels or
    classes of several looks."""

    @model_validator(mode="after")
    def _check_least_margin(self) -> ArcFaceLayer:
        if self.least_margin is not None and self.least_margin >= self.margin:
            raise ValueError(f"expected least_margin below margin={self.margin}, got {self.least_margin}")
        return self


LayerSpec = Annotated[LinearLayer | ArcFaceLayer, Field(discriminator="kind")]
