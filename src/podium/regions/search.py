"""Boxes of many images by a chain: every image is decoded in a worker that it may crash, and looked at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium.durable import sha256_file
from podium.errors import LockedError, StorageError
from podium.images import Detections, Limits, decode_many, read_upright_size
from podium.regions.chain import Chain, Link, choose_box
from podium.regions.detector import find_detector
from podium.regions.kept_detections import KeptDetections, open_kept
from podium.tables import N_POINTS, UNREADABLE, Boxes, Samples, as_text_array, no_boxes

__all__ = ["find_boxes", "find_boxes_in"]

OnProgress = Callable[[int, int], None]
_NONE_FOUND = "none"


def find_boxes(
    samples: Samples,
    chain: Chain,
    cache: Path | None = None,
    *,
    limits: Limits | None = None,
    n_threads: int = 1,
    on_progress: OnProgress | None = None,
    while_waiting: Callable[[LockedError], None] | None = None,
    announce: Callable[[str], None] | None = None,
) -> Boxes:
    """A box for every image: that of the first link of the chain which finds one.

    Args:
        samples: N images.
        chain: The links to ask.
        cache: Folder of all caches, where a detector's answers are kept by the digest of the file; what was found
            before a stop is not looked for again. None keeps nothing.
        limits: How files are decoded.
        n_threads: Workers that decode.
        on_progress: Called with (images done, images to look at) by each detector; what it raises ends the search.
        while_waiting: Called again and again while another process has the answers of a detector.
        announce: Receives a line about workers that were lost.

    Returns:
        Boxes of N images. The source is the link that fired, "none" where no link did, and "unreadable" where the
        image cannot be decoded.

    Raises:
        UsageError: If a detector's package is missing, or its answers make no sense.
    """
    chain.check()
    search = _Search(samples, cache, limits or Limits(), n_threads, on_progress or (lambda _done, _n: None))
    boxes, left = no_boxes(len(samples)), np.arange(len(samples))
    for link in chain.links:
        if not len(left):
            break
        ask = search.place if link.is_static else search.look
        boxes = boxes.put(left, ask(link, left, while_waiting, announce))
        left = left[boxes.source[left] == _NONE_FOUND]
    return boxes


@dataclass(frozen=True)
class _Search:
    samples: Samples
    cache: Path | None
    limits: Limits
    n_threads: int
    on_progress: OnProgress

    def place(self, link: Link, rows: NDArray[np.int64], *_: object) -> Boxes:
        """The box of a static link in these images."""
        sizes = [read_upright_size(self.samples.file(row)) for row in rows.tolist()]
        return _join([_static(link, size) for size in sizes])

    def look(
        self,
        link: Link,
        rows: NDArray[np.int64],
        while_waiting: Callable[[LockedError], None] | None,
        announce: Callable[[str], None] | None,
    ) -> Boxes:
        """What a detector finds in these images."""
        digests = [self._digest(row) for row in rows.tolist()]
        detector = find_detector(link.name)
        with open_kept(self.cache, detector, self.limits, while_waiting) as kept:
            missing: dict[str, Path] = {}
            for row, sha256 in zip(rows.tolist(), digests, strict=True):
                if sha256 and sha256 not in kept:
                    missing.setdefault(sha256, self.samples.file(row))
            self._ask(detector, missing, kept, announce)
            found = [kept.get(sha256) if sha256 else None for sha256 in digests]
        return _join([_chosen(link, one) for one in found])

    def _digest(self, row: int) -> str:
        try:
            return sha256_file(self.samples.file(row))
        except (OSError, StorageError):
            return ""

    def _ask(
        self,
        detector: Callable[[NDArray[np.uint8]], Detections],
        missing: dict[str, Path],
        kept: KeptDetections,
        announce: Callable[[str], None] | None,
    ) -> None:
        names, n = list(missing), len(missing)
        decoded = decode_many(
            list(missing.values()),
            with_facts=False,
            limits=self.limits,
            n_workers=self.n_threads,
            in_order=False,
            announce=announce,
        )
        self.on_progress(0, n)
        for done, (place, one) in enumerate(decoded if n else (), start=1):
            kept.put(names[place], None if one.pixels is None else detector(one.pixels))
            self.on_progress(done, n)


def find_boxes_in(images: Sequence[NDArray[np.uint8]], chain: Chain) -> Boxes:
    """A box for every image in memory, upright RGB uint8 (H, W, 3); as `find_boxes`, and nothing is kept."""
    chain.check()
    return _join([_ask_one(image, chain) for image in images])


def _ask_one(image: NDArray[np.uint8], chain: Chain) -> Boxes:
    for link in chain.links:
        if link.is_static:
            return _static(link, (image.shape[1], image.shape[0]))
        box = _chosen(link, find_detector(link.name)(image))
        if box.is_there[0]:
            return box
    return _nothing(_NONE_FOUND)


def _static(link: Link, size: tuple[int, int] | None) -> Boxes:
    if size is None:
        return _nothing(UNREADABLE)
    return _one(link.box(size), np.nan, np.full((N_POINTS, 2), np.nan), link.name)


def _chosen(link: Link, found: Detections | None) -> Boxes:
    if found is None or not len(found):
        return _nothing(UNREADABLE if found is None else _NONE_FOUND)
    place = choose_box(found, link.choice)
    return _one(found.boxes[place], float(found.scores[place]), found.points[place], link.name)


def _one(box: NDArray[np.float64], score: float, points: NDArray[np.float64], source: str) -> Boxes:
    low, high = np.floor(box[:2]).clip(0), np.ceil(box[2:]).clip(1)
    corners = np.concatenate([low, high]).astype(np.int64)
    return Boxes(corners[None], as_text_array([source]), np.array([score]), points[None])


def _nothing(source: str) -> Boxes:
    return replace(no_boxes(1), source=as_text_array([source]))


def _join(boxes: Sequence[Boxes]) -> Boxes:
    if not boxes:
        return no_boxes(0)
    columns = ("corners", "source", "score", "points")
    return Boxes(*(np.concatenate([getattr(one, name) for one in boxes]) for name in columns))
