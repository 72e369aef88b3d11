"""How the heads of a frozen backbone are found: solved or remembered in one go, or trained by gradient descent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat

from podium.recipe.part import Count, Part

__all__ = ["AutoHead", "GradientHead", "HeadSpec", "LdaHead", "LogisticHead", "NearestHead", "RidgeHead"]


class GradientHead(Part):
    """Trained in epochs, by the recipe's loss, optimizer and schedule."""

    kind: Literal["gradient"] = "gradient"


class AutoHead(Part):
    """Logistic regression and LDA, or ridge regression where an image has several labels, pooled: the sum of their
    logits that has the least log loss over inner folds of the training part. Each attribute is pooled by itself."""

    kind: Literal["auto"] = "auto"


class LogisticHead(Part):
    """Logistic regression with an L2 penalty; for several labels, one for each."""

    kind: Literal["logistic"] = "logistic"
    C: PositiveFloat | Literal["auto"] = "auto"
    """Inverse strength of the penalty, as in scikit-learn, on standardised features; auto chooses it."""


class LdaHead(Part):
    """Linear discriminant analysis with a shrunken covariance (Friedman 1989), for one class per image."""

    kind: Literal["lda"] = "lda"
    shrinkage: Annotated[float, Field(gt=0, lt=1)] | Literal["auto"] = "auto"
    """Share of the mean variance in the covariance, as in scikit-learn, on standardised features; auto chooses it."""


class RidgeHead(Part):
    """Ridge regression onto the labels, its logits calibrated by inner folds."""

    kind: Literal["ridge"] = "ridge"
    alpha: PositiveFloat | Literal["auto"] = "auto"
    """Strength of the penalty, as in scikit-learn, on standardised features; auto chooses it."""


class NearestHead(Part):
    """Cosines to the nearest training images of each class, for many classes with few images. Nothing is fitted but the
    temperature, and a run keeps the features of its training images, unless prototypes take their place."""

    kind: Literal["nearest"] = "nearest"
    neighbours: Count | Literal["prototypes", "auto"] = "auto"
    """Images of each class whose cosines are averaged, or `prototypes`: the mean direction of each class (Snell et al.
    2017). auto chooses among 1, 3, 10 and prototypes. With several labels, images with a label count against images
    without it."""
    temperature: PositiveFloat | Literal["auto"] = "auto"
    """What cosines are divided by before the softmax or sigmoid; auto fits it on inner folds."""


HeadSpec = Annotated[
    AutoHead | LogisticHead | LdaHead | RidgeHead | NearestHead | GradientHead,
    Field(discriminator="kind"),
]
