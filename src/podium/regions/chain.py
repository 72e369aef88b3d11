"""A chain of detectors: asked one after the other until one finds something."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.errors import UsageError
from podium.images import Detections
from podium.regions.detector import find_detector

__all__ = ["Chain", "Link", "choose_box", "read_chain"]

Choice = Literal["largest", "confident"]
_CENTRE = 0.8
_Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Link:
    """One step of a chain.

    Args:
        name: A detector, "centre" or "fixed".
        numbers: Of "centre" the fraction of each side; of "fixed" x0, y0, x1, y1, in pixels or all fractions.
        choice: Which box of several is taken.
    """

    name: str
    numbers: _Numbers = ()
    choice: Choice = "largest"

    @property
    def is_static(self) -> bool:
        """Whether it needs no pixels and always has a box."""
        return self.name in ("centre", "fixed")

    def box(self, size: tuple[int, int]) -> NDArray[np.float64]:
        """The box of a static link in an image of this (width, height)."""
        sides = np.array([*size, *size], dtype=np.float64)
        if self.name == "centre":
            rest = (1 - self.numbers[0]) / 2
            return np.round(sides * [rest, rest, 1 - rest, 1 - rest])
        numbers = np.array(self.numbers)
        return np.round(numbers * sides) if _is_fractions(self.numbers) else numbers

    def __str__(self) -> str:
        words = [f"{number:g}" for number in self.numbers]
        return ":".join([self.name, *words, *([] if self.choice == "largest" else [self.choice])])


@dataclass(frozen=True)
class Chain:
    """Links in the order in which they are asked."""

    links: tuple[Link, ...]

    @property
    def has_answer_for_all(self) -> bool:
        """Whether it ends with a box that every image has."""
        return bool(self.links) and self.links[-1].is_static

    def names(self) -> list[str]:
        """Its links as a recipe lists them."""
        return list(map(str, self.links))

    def check(self) -> None:
        """Raise UsageError, or UnknownNameError, where a detector is not there."""
        for link in self.links:
            if not link.is_static:
                find_detector(link.name)

    def __str__(self) -> str:
        return ">".join(self.names())


def read_chain(value: str | Sequence[str]) -> Chain:
    """The chain that a text or a list names.

    Args:
        value: Links, divided by "," or ">". A detector takes the largest box, or with ":confident" the surest. "centre"
            is the middle of the image, 0.8 of each side or the fraction behind it ("centre:0.6"). "fixed:X0:Y0:X1:Y1"
            is the same box in every image, in pixels, or where all are at most 1 in fractions of the image.

    Raises:
        UsageError: If a link cannot be read, or one follows that is never asked.

    Example:
        >>> str(read_chain("retinaface, mtcnn:confident > centre"))
        'retinaface>mtcnn:confident>centre:0.8'
    """
    words = (
        re.split(r"[,>]", value)
        if isinstance(value, str)
        else [part for word in value for part in re.split(r"[,>]", str(word))]
    )
    links = tuple(_read_link(word.strip()) for word in words if word.strip())
    if not links:
        raise UsageError("no detector was named.", field="detect", fix="Name some: retinaface,mtcnn,centre.")
    for place, link in enumerate(links[:-1]):
        if link.is_static:
            raise UsageError(
                f"{link} finds a box in every image, so {links[place + 1]} behind it is never asked.",
                field="detect",
                fix="Put it last.",
            )
    return Chain(links)


def _read_link(word: str) -> Link:
    name, *rest = word.split(":")
    name = "centre" if name == "center" else name
    if name == "table":
        raise UsageError(
            "a table comes before every chain, and is no link of it.",
            field="detect",
            fix=f"Leave 'table' out and name the file with {option('regions')}.",
        )
    if name in ("centre", "fixed"):
        return Link(name, _read_numbers(word, name, rest))
    if len(rest) > 1 or (rest and rest[0] not in get_args(Choice)):
        raise UsageError(
            f"{word!r} is no link of a chain.", field="detect", fix="Behind a detector stands :largest or :confident."
        )
    return Link(name, choice="confident" if rest == ["confident"] else "largest")


def _read_numbers(word: str, name: str, rest: Sequence[str]) -> _Numbers:
    try:
        numbers = tuple(map(float, rest)) or ((_CENTRE,) if name == "centre" else ())
    except ValueError:
        numbers = ()
    if name == "centre" and len(numbers) == 1 and 0 < numbers[0] <= 1:
        return numbers
    if (
        name == "fixed"
        and len(numbers) == 4
        and min(numbers) >= 0
        and numbers[2] > numbers[0]
        and numbers[3] > numbers[1]
    ):
        return numbers
    raise UsageError(
        f"{word!r} is no box.",
        field="detect",
        fix="Write centre:0.6 for a fraction of each side, or fixed:X0:Y0:X1:Y1 in pixels or fractions.",
    )


def _is_fractions(numbers: _Numbers) -> bool:
    return max(numbers) <= 1


def choose_box(found: Detections, choice: Choice) -> int:
    """The place of the box that stands for an image: the largest, or the surest.

    Example:
        >>> two = Detections(np.array([[0.0, 0, 9, 9], [0, 0, 2, 2]]), np.array([0.6, 0.9]), np.zeros((2, 5, 2)))
        >>> choose_box(two, "largest"), choose_box(two, "confident")
        (0, 1)
    """
    area = np.prod(found.boxes[:, 2:] - found.boxes[:, :2], axis=1)
    first, second = (area, found.scores) if choice == "largest" else (found.scores, area)
    return int(np.lexsort((second, first))[-1])
