"""Lists of augmentations by name: functions, one for each kind of data.

In a recipe, `augmentations: strong` stands for the list; the recipe that a run records shows what is in it. None of
them knows the images: `podium preview` shows what they make of yours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, get_args

from podium.data import (
    Augmentation,
    ColorJitter,
    ElasticDistortion,
    GaussianBlur,
    Grayscale,
    HorizontalFlip,
    RandAugment,
    RandomErasing,
    RandomResizedCrop,
    RandomShift,
    Rotate,
    Rotate90,
    Shear,
    VerticalFlip,
)
from podium.near_names import nearest_name
from podium.recipe.part import read_kinds

__all__ = ["POLICIES", "aerial", "faces", "letters", "light", "medium", "none", "read_augmentations", "strong"]

Policy = tuple[Augmentation, ...]
_KINDS = tuple(kind.kind for kind in get_args(Augmentation))


def none() -> Policy:
    """Whole images as they are: to see what augmentation is worth, or where every pixel's place matters."""
    return ()


def light() -> Policy:
    """Photos, for a few epochs or few parameters: nearly whole objects, mirrored half of the time."""
    return (RandomResizedCrop(scale=(0.8, 1.0), ratio=(0.9, 1.1)), HorizontalFlip())


def medium() -> Policy:
    """Photos, the list of `quick` and `finetune`: crops of at least 60 % of the area, mirrored, other light."""
    return (
        RandomResizedCrop(scale=(0.6, 1.0), ratio=(0.8, 1.25)),
        HorizontalFlip(probability=0.5),
        ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2),
    )


def strong() -> Policy:
    """Photos, for long training of whole networks: small crops, RandAugment, and holes."""
    return (
        RandomResizedCrop(scale=(0.35, 1.0)),
        HorizontalFlip(),
        RandAugment(n_operations=2, magnitude=9.0),
        RandomErasing(probability=0.25),
    )


def faces() -> Policy:
    """Faces and upright people: slightly turned and moved, other light and cameras, sometimes grey or partly hidden."""
    return (
        RandomResizedCrop(scale=(0.75, 1.0), ratio=(0.9, 1.1)),
        HorizontalFlip(),
        Rotate(degrees=12, probability=0.5),
        ColorJitter(brightness=0.3, contrast=0.3, saturation=0.2),
        Grayscale(probability=0.1),
        GaussianBlur(sigma=(0.1, 1.5), probability=0.15),
        RandomErasing(probability=0.2, area=(0.02, 0.15)),
    )


def letters() -> Policy:
    """Letters, digits, signs and text: never mirrored; slanted, moved, bent and blurred, as writing and scans are."""
    return (
        Rotate(degrees=10, probability=0.7),
        Shear(degrees=10, probability=0.5),
        RandomShift(fraction=0.08),
        RandomResizedCrop(scale=(0.85, 1.0), ratio=(0.9, 1.1)),
        ElasticDistortion(strength=0.03, probability=0.4),
        ColorJitter(brightness=0.3, contrast=0.3, saturation=0.2),
        GaussianBlur(sigma=(0.1, 1.0), probability=0.2),
    )


def aerial() -> Policy:
    """Images from above, without an upper side (satellites, microscopes, plates): flips and turns."""
    return (
        RandomResizedCrop(scale=(0.6, 1.0), ratio=(0.9, 1.1)),
        HorizontalFlip(),
        VerticalFlip(),
        Rotate90(),
        ColorJitter(brightness=0.2, contrast=0.2, saturation=0.1),
    )


POLICIES: dict[str, Callable[[], Policy]] = {
    policy.__name__: policy for policy in (none, light, medium, strong, faces, letters, aerial)
}
"""Every policy by name."""


def read_augmentations(value: Any) -> Any:
    """Augmentations as people write them: the name of a policy, or a list in which a kind alone has its defaults.

    Raises:
        ValueError: If there is no policy of that name.

    Example:
        >>> read_augmentations("none"), read_augmentations(["rotate90", {"kind": "rotate", "degrees": 5}])
        ([], [{'kind': 'rotate90'}, {'kind': 'rotate', 'degrees': 5}])
    """
    if isinstance(value, str):
        if value in POLICIES:
            return [asdict(item) for item in POLICIES[value]()]
        near = nearest_name(value, [*POLICIES, *_KINDS])
        shown = near if near in POLICIES else f"[{near}]"
        hint = "" if near is None else f" (did you mean {shown}?)"
        raise ValueError(f"expected a list, or one of {', '.join(POLICIES)}{hint}")
    return read_kinds(value)
