"""How an image becomes a tensor: size, fit, range of values."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from podium.images import Limits, height_and_width
from podium.recipe.image_size import LEAST_SIDE_PX, MOST_SIDE_PX, read_size
from podium.recipe.part import Part
from podium.recipe.value_range import read_value_range

__all__ = ["ImageSpec"]


Pixels = Annotated[int, Field(ge=LEAST_SIDE_PX, le=MOST_SIDE_PX)]
Sides = Annotated[tuple[Pixels, Pixels], Field(description="[height, width]")]
Values = Annotated[
    Annotated[tuple[float, float], Field(description="[low, high]")] | Literal["full"],
    BeforeValidator(read_value_range),
]
ImageSize = Annotated[Pixels | Sides | Literal["auto"], BeforeValidator(read_size)]


class ImageSpec(Part):
    """How an image becomes a tensor."""

    size_px: ImageSize = "auto"
    """Size of the images the model sees: the side of a square, or [height, width]. auto takes a square whose side
    follows the images, 128 to 224."""
    stored_px: ImageSize = "auto"
    """Size of the images in the cache; auto is 1.15 times `size_px` where augmentation crops, else `size_px`."""
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    """How an image of another aspect ratio fits that size: stretch keeps everything, crop its centre, pad its
    shape."""
    value_range: Values = "full"
    """Values of images of more than 8 bits (16-bit, 12-bit, float) that become black and white: [low, high], the same
    for all images, such as [0, 4095] for 12-bit values in 16-bit files; full is the range that the format declares.
    Images of 8 bits stay as they are."""

    @property
    def limits(self) -> Limits:
        """How files are decoded."""
        return Limits(value_range=None if self.value_range == "full" else self.value_range)

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the images the model sees."""
        assert self.size_px != "auto", "the recipe is not resolved: image.size_px is 'auto'"
        return height_and_width(self.size_px)

    @property
    def stored_sides(self) -> tuple[int, int]:
        """Height and width of the images in the cache."""
        assert self.stored_px != "auto", "the recipe is not resolved: image.stored_px is 'auto'"
        return height_and_width(self.stored_px)
