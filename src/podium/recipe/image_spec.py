"""How an image becomes a tensor: size, fit, range of values."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from podium.images import Limits, Preprocessing, height_and_width
from podium.recipe.channels import read_channels
from podium.recipe.image_size import LEAST_SIDE_PX, MOST_SIDE_PX, read_size
from podium.recipe.part import Name, Part, read_kinds
from podium.recipe.read_regions import read_links, read_pad
from podium.recipe.value_range import read_value_range

__all__ = ["WHOLE", "ImageSpec"]

WHOLE = "whole"
"""The region that is the image itself."""


Pixels = Annotated[int, Field(ge=LEAST_SIDE_PX, le=MOST_SIDE_PX)]
Sides = Annotated[tuple[Pixels, Pixels], Field(description="[height, width]")]
Values = Annotated[
    Annotated[tuple[float, float], Field(description="[low, high]")] | Literal["full"],
    BeforeValidator(read_value_range),
]
Pad = Annotated[
    Annotated[float, Field(ge=0, description="below 1 a fraction, from 1 on pixels")]
    | Annotated[tuple[float, float, float, float], Field(description="[left, top, right, bottom]")],
    BeforeValidator(read_pad),
]
Numbers = Annotated[tuple[float, float, float], Field(description="[red, green, blue]")]
Channels = Annotated[Numbers | Literal["weights", "dataset"], BeforeValidator(read_channels)]
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
    preprocessing: Annotated[
        tuple[Annotated[Preprocessing, Field(discriminator="kind")], ...], BeforeValidator(read_kinds)
    ] = ()
    """What is done to every image, those to predict too, before it is stored: a list of kinds. A centre crop is cut
    before resizing, everything else is done after it, in this order."""
    region: Name = WHOLE
    """Part of every image that the model sees: whole, or a region that has boxes: face, upper_face (above the tip of
    the nose), face_and_clothes, or a name of your own. Boxes come with the data (`regions`, a table), or `detect` finds
    them. It is cut before everything else."""
    region_pad: Pad = 0.0
    """Room around the region, inside the picture: below 1 a fraction of its width or height, from 1 on pixels; or four
    of them, [left, top, right, bottom]."""
    regions: dict[Name, Name] = Field(default_factory=dict)
    """A head's own region in place of `region`, by head name, with model.arrangement=separate."""
    detect: Annotated[tuple[Name, ...], BeforeValidator(read_links)] = ()
    """Detectors that are asked one after the other for images whose region has no box, those to predict too:
    retinaface, mtcnn (the extra `face`), your own by name, and last centre, centre:0.6 or fixed:X0:Y0:X1:Y1. The
    largest box is taken, or behind a detector's name with :confident the surest. An empty list: every image must have a
    box in the table."""
    mean: Channels = "weights"
    """Mean of red, green and blue, on the scale from 0 to 1, that is subtracted from every image: numbers; weights is
    what the start weights were trained with; dataset measures it on all images of the run but the holdout (their labels
    do not matter) and records the numbers."""
    std: Channels = "weights"
    """Deviation by which red, green and blue are then divided, above 0: as `mean`."""

    @model_validator(mode="after")
    def _check_std(self) -> ImageSpec:
        if isinstance(self.std, tuple) and min(self.std) <= 0:
            raise ValueError("std: expected numbers above 0")
        return self

    def region_of(self, model: str) -> str:
        """The region that a model sees, by its name, which is its head's where each head has one."""
        return self.regions.get(model, self.region)

    @property
    def used_regions(self) -> tuple[str, ...]:
        """Every region that is cut, once."""
        return tuple(dict.fromkeys(name for name in (self.region, *self.regions.values()) if name != WHOLE))

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
