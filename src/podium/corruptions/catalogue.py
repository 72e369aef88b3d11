"""All corruptions by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from podium.corruptions.blur import (
    DISK_RADIUS,
    GAUSSIAN_SIGMA,
    MOTION,
    blur_by_motion,
    blur_gaussian,
    blur_out_of_focus,
)
from podium.corruptions.compression import QUALITY, compress_as_jpeg
from podium.corruptions.corruption import Corruption
from podium.corruptions.geometry import DEGREES, HIDDEN, hide_part, turn
from podium.corruptions.light import BRIGHTER, CONTRAST, brighten, darken, flatten
from podium.corruptions.noise import GAUSSIAN_SD, PHOTONS, add_gaussian_noise, add_shot_noise
from podium.corruptions.scale import KERNELS, SHRINK_TO, resize_otherwise, shrinker
from podium.errors import UnknownNameError

__all__ = ["CORRUPTIONS", "FAMILIES", "find_corruptions"]

_IMAGENET_C = 'Hendrycks and Dietterich 2019, "Benchmarking Neural Network Robustness to Common Corruptions"'
_KERNELS = 'Parmar, Zhang and Zhu 2022, "On Aliased Resizing and Surprising Subtleties in GAN Evaluation"'
_CUTOUT = 'DeVries and Taylor 2017, "Improved Regularization of Convolutional Neural Networks with Cutout"'
_ROTATION = 'Engstrom et al. 2019, "Exploring the Landscape of Spatial Robustness"'


def _levels(template: str, values: Iterable[object]) -> tuple[str, str, str, str, str]:
    one, two, three, four, five = (template.format(value) for value in values)
    return one, two, three, four, five


_ALL = (
    Corruption("gaussian_blur", "blur", _levels("sigma {} px", GAUSSIAN_SIGMA), blur_gaussian, _IMAGENET_C),
    Corruption("defocus_blur", "blur", _levels("radius {} px", DISK_RADIUS), blur_out_of_focus, _IMAGENET_C),
    Corruption("motion_blur", "blur", _levels("sigma {} px", (s for _, s in MOTION)), blur_by_motion, _IMAGENET_C),
    Corruption("gaussian_noise", "noise", _levels("sd {:.0%}", GAUSSIAN_SD), add_gaussian_noise, _IMAGENET_C),
    Corruption("shot_noise", "noise", _levels("{} photons", PHOTONS), add_shot_noise, _IMAGENET_C),
    Corruption("jpeg", "compression", _levels("quality {}", QUALITY), compress_as_jpeg, _IMAGENET_C),
    Corruption("brightness", "light", _levels("+{:.0%}", BRIGHTER), brighten, _IMAGENET_C),
    Corruption("darkness", "light", _levels("-{:.0%}", BRIGHTER), darken, f"{_IMAGENET_C}, with the sign turned"),
    Corruption("contrast", "light", _levels("x {}", CONTRAST), flatten, _IMAGENET_C),
    *(
        Corruption(
            f"downscale_{kernel}",
            "scale",
            _levels("x {}", SHRINK_TO),
            shrinker(kernel),
            f"{_IMAGENET_C} (pixelate)" if kernel == "box" else _KERNELS,
        )
        for kernel in ("nearest", "bilinear", "bicubic", "lanczos", "box")
    ),
    Corruption("resize_kernel", "scale", _levels("{}", KERNELS), resize_otherwise, _KERNELS, resizes=True),
    Corruption("occlusion", "geometry", _levels("{:.0%} hidden", HIDDEN), hide_part, _CUTOUT),
    Corruption("rotation", "geometry", _levels("{} degrees", DEGREES), turn, _ROTATION),
)
CORRUPTIONS: dict[str, Corruption] = {one.name: one for one in _ALL}
"""Every corruption, in the order of a card."""
FAMILIES: dict[str, tuple[str, ...]] = {
    family: tuple(one.name for one in _ALL if one.family == family)
    for family in dict.fromkeys(one.family for one in _ALL)
}
"""Words for several of them."""


def find_corruptions(names: Sequence[str]) -> tuple[Corruption, ...]:
    """The corruptions of these names and families, in the order of a card; all where none is named.

    Raises:
        UnknownNameError: If there is no such corruption or family.

    Example:
        >>> [one.name for one in find_corruptions(["jpeg", "noise"])]
        ['gaussian_noise', 'shot_noise', 'jpeg']
    """
    asked: set[str] = set()
    for name in names:
        if name not in CORRUPTIONS and name not in FAMILIES:
            raise UnknownNameError("corruption", name, [*FAMILIES, *CORRUPTIONS], field="corruptions")
        asked |= set(FAMILIES.get(name, (name,)))
    return tuple(one for one in _ALL if one.name in asked or not names)
