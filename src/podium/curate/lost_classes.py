"""Classes of which no image can be read: empty folders, folders of HEIC files, rows whose images are gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from podium.advice import options as advise
from podium.curate.classes import order_classes
from podium.listing import agree, count_of, list_some

__all__ = ["count_endings", "describe_lost", "is_picture"]

_PICTURES = frozenset(
    {"heic", "heif", "jp2", "j2k", "jpx", "jxl", "psd", "svg", "ico", "tga", "dds", "exr", "hdr", "eps", "pcx", "xcf"}
    | {
        "raw",
        "dng",
        "cr2",
        "cr3",
        "nef",
        "arw",
        "orf",
        "rw2",
        "dcm",
        "dicom",
        "nii",
        "svs",
        "fits",
        "npy",
        "npz",
        "mat",
    }
)
"""Endings of image formats that are not read."""


def is_picture(name: str) -> bool:
    """Whether a file that is not read is an image, by its ending.

    Example:
        >>> is_picture("a/IMG_1.HEIC"), is_picture("a/notes.md")
        (True, False)
    """
    return name.rpartition(".")[2].lower() in _PICTURES


def count_endings(names: Iterable[str]) -> str:
    """How many files there are of each ending.

    Example:
        >>> count_endings(["a.heic", "b.HEIC", "c.dng"])
        '2 .heic, 1 .dng'
    """
    counts = Counter("." + name.rpartition(".")[2].lower() for name in names)
    return ", ".join(f"{n} {ending}" for ending, n in counts.most_common(3))


def describe_lost(head: str, lost: Mapping[str, str], classes: Sequence[str]) -> str:
    """A note on classes that have no image left, with the option that keeps them and the numbers of the others.

    Args:
        head: The head that lacks them.
        lost: Why each class has no image.
        classes: The classes that have some, in order.
    """
    listed = list_some([f"{name} ({why})" for name, why in sorted(lost.items())], most=6)
    order = order_classes([*classes, *lost])
    shown: list[object] = [*order] if len(order) <= 12 else [*order[:12], ...]
    return (
        f"{count_of(len(lost), 'class')} of {head!r} {agree(len(lost), 'has', 'have')} no image that can be"
        f" read and {agree(len(lost), 'is', 'are')} left out: {listed}. The numbers of the"
        f" later classes change; to keep all, set {advise(classes={head: shown})}."
    )
