"""Groups that nobody named, found in names, folders, EXIF entries and spare columns, each with its evidence.

A grouping is proposed where images of one group are nearer each other than others of their class, beyond copies and
near-duplicates, which are kept together anyway. So neither a name that counts files nor a column that only repeats the
class is taken for a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.advice import options
from podium.images import CameraFacts, number_bursts, read_camera
from podium.listing import count_of
from podium.splits.name_groupings import list_name_groupings
from podium.tables import Samples
from podium.twins import GroupEvidence, make_directions, weigh_groups

__all__ = ["GroupCandidate", "GroupProposal", "Origin", "propose_groups", "weigh_pattern"]

Origin = Literal["names", "folders", "bursts", "cameras", "column"]

LEAST_CLOSER = 0.6
"""What the share of draws must be beyond, three standard errors below it."""
LEAST_GROUPED = 0.05
"""Share of the images that must lie in groups of two or more."""
FEWEST_GROUPS = 3
FEWEST_OF_COLUMN = 20.0
"""Effective groups that a column must make: fewer are kinds of things, or places, of which new images show more."""
LEAST_COMPARED = 0.5
GIANT_TIMES = 5
"""A group so many times as large as the next may differ from the others by this share of draws, and no more:"""
MOST_LESS = 0.1
GAPS_S = (2, 10, 60, 600)
_PROBED = 50
_DOUBTS = 3.0
_FEWEST_IMAGES = 20
_WHERE: dict[Origin, str] = {
    "names": "what their names share",
    "folders": "their folder",
    "bursts": "bursts of one camera",
    "cameras": "their camera",
    "column": "bursts in a column of times",
}


@dataclass(frozen=True, eq=False)
class GroupCandidate:
    """A grouping to weigh.

    Args:
        origin: Where it comes from.
        change: The option that sets it, by its name in Python.
        group: Group of each image, from 0, shape (N,).
    """

    origin: Origin
    change: Mapping[str, object]
    group: NDArray[np.int64]


@dataclass(frozen=True)
class GroupProposal:
    """A grouping with evidence.

    Args:
        origin: Where it comes from.
        change: The option that sets it, by its name in Python.
        evidence: How much nearer images are to those of their group.
        examples: A few ids of some groups.
    """

    origin: Origin
    change: Mapping[str, object]
    evidence: GroupEvidence
    examples: tuple[tuple[str, ...], ...] = field(default=())

    @property
    def worth(self) -> float:
        """What proposals are ordered by: how far `closer` is from chance, times the images in groups."""
        return (2 * self.evidence.closer - 1) * self.evidence.n_grouped

    @property
    def where(self) -> str:
        """Where it comes from, in words."""
        name = self.change.get("group", self.change.get("group_from"))
        return f"the column {name!r}" if self.origin == "column" and "group" in self.change else _WHERE[self.origin]

    @property
    def what(self) -> str:
        """What was found, without what to do."""
        found = self.evidence
        return (
            f"By {self.where}, {count_of(found.n_grouped, 'image lies', 'images lie')} in"
            f" {count_of(found.n_groups, 'group')}, the largest of {found.n_largest:,}, and look it: {found.words}."
        )

    def __str__(self) -> str:
        return f"You named no group. {self.what} Keep them on one side of every split: {options(**self.change)}."

    def to_dict(self) -> dict[str, Any]:
        """The proposal as JSON-ready data."""
        return {
            "origin": self.origin,
            "option": dict(self.change),
            "evidence": vars(self.evidence),
            "examples": [list(members) for members in self.examples],
        }


def propose_groups(
    samples: Samples,
    thumbnails: NDArray[np.uint8],
    pairs: NDArray[np.integer[Any]],
    more: Iterable[GroupCandidate] = (),
) -> list[GroupProposal]:
    """The best grouping of each origin that has evidence, the most telling first; none where groups are named.

    Args:
        samples: The samples.
        thumbnails: Their grey thumbnails, uint8 (N, h, w).
        pairs: Rows that are copies or near-duplicates, shape (M, 2): of what they join, one image is looked at.
        more: Candidates besides names, folders and EXIF entries, such as spare columns.
    """
    if samples.has_groups or len(samples) < _FEWEST_IMAGES:
        return []
    scale = _Scale(samples, thumbnails, pairs)
    best: dict[Origin, GroupProposal] = {}
    seen: set[bytes] = set()
    for candidate in (*_by_names(samples), *_by_exif(samples), *more):
        number = candidate.group.tobytes()
        found = None if number in seen else scale.propose(candidate)
        seen.add(number)
        if found is not None and (candidate.origin not in best or found.worth > best[candidate.origin].worth):
            best[candidate.origin] = found
    return sorted(best.values(), key=lambda found: -found.worth)


def weigh_pattern(
    samples: Samples, keys: list[str], thumbnails: NDArray[np.uint8], pairs: NDArray[np.integer[Any]]
) -> GroupEvidence | None:
    """The evidence for groups that names are cut into; None where there is nothing to compare.

    Args:
        samples: The samples.
        keys: The group of each.
        thumbnails: Their grey thumbnails, uint8 (N, h, w).
        pairs: As in `propose_groups`.
    """
    return _Scale(samples, thumbnails, pairs).weigh(np.unique(keys, return_inverse=True)[1].astype(np.int64))


class _Scale:
    """Images ready to weigh groupings by: one of each set of duplicates, as directions, with their classes."""

    def __init__(self, samples: Samples, thumbnails: NDArray[np.uint8], pairs: NDArray[np.integer[Any]]) -> None:
        from podium.twins import join_pairs

        self.samples = samples
        self._rows = np.unique(join_pairs(len(samples), pairs)) if len(pairs) else np.arange(len(samples))
        small = thumbnails[self._rows].reshape(len(self._rows), -1).astype(np.float32)
        small -= small.mean(axis=1, keepdims=True)
        small /= np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-3)
        self._directions = make_directions(small)
        self._kinds = _kinds(samples)[self._rows]

    def weigh(self, group: NDArray[np.int64]) -> GroupEvidence | None:
        """The evidence, with the sizes of groups as they are with duplicates."""
        found = weigh_groups(self._directions, self._kinds, np.unique(group[self._rows], return_inverse=True)[1])
        if found is None:
            return None
        size = np.bincount(group)
        shared = size[size > 1]
        return replace(found, n_groups=len(shared), n_grouped=int(shared.sum()), n_largest=int(shared.max(initial=0)))

    def propose(self, candidate: GroupCandidate) -> GroupProposal | None:
        """The proposal, where the grouping has the size of one and the evidence."""
        size, n = np.bincount(candidate.group), len(self.samples)
        shared = size[size > 1]
        is_small = len(shared) < FEWEST_GROUPS or shared.sum() < LEAST_GROUPED * n
        if is_small or size.max() > n / 2:
            return None
        if candidate.origin == "column" and n**2 < FEWEST_OF_COLUMN * (size.astype(np.float64) ** 2).sum():
            return None
        found = self.weigh(candidate.group)
        if found is None or found.compared < LEAST_COMPARED or found.closer - _DOUBTS * found.doubt < LEAST_CLOSER:
            return None
        # A word that names of one kind begin with, beside true groups: alike, but less so.
        is_giant = size.max() >= GIANT_TIMES * np.partition(size, -2)[-2]
        if found.closer_in_largest < (found.closer - MOST_LESS if is_giant else LEAST_CLOSER):
            return None
        return GroupProposal(candidate.origin, candidate.change, found, self._examples(candidate.group, size))

    def _examples(self, group: NDArray[np.int64], size: NDArray[np.int64]) -> tuple[tuple[str, ...], ...]:
        shown = np.flatnonzero(size > 1)[:4]
        return tuple(tuple(map(str, self.samples.ids[np.flatnonzero(group == number)[:4]])) for number in shown)


def _by_names(samples: Samples) -> Iterator[GroupCandidate]:
    for grouping in list_name_groupings([str(name) for name in samples.ids]):
        if grouping.pattern == "(.*)/[^/]*$":
            yield GroupCandidate("folders", {"group": "folder"}, grouping.group)
        else:
            origin: Origin = "folders" if grouping.pattern.startswith("([^/]*)/") else "names"
            yield GroupCandidate(origin, {"group": grouping.pattern}, grouping.group)


def _by_exif(samples: Samples) -> Iterator[GroupCandidate]:
    n = len(samples)
    probed = [read_camera(samples.file(row)) for row in np.unique(np.linspace(0, n - 1, min(n, _PROBED)).astype(int))]
    if not any(fact.camera or np.isfinite(fact.time) for fact in probed):
        return
    facts: list[CameraFacts] = [read_camera(samples.file(row)) for row in range(n)]
    for gap in GAPS_S:
        change = "exif" if gap == 60 else f"exif:{gap}"
        yield GroupCandidate("bursts", {"group_from": change}, _alone_where_unknown(number_bursts(facts, gap)))
    names, camera = np.unique([fact.camera for fact in facts], return_inverse=True)
    camera = np.where(names[camera] == "", -1, camera)
    yield GroupCandidate("cameras", {"group_from": "camera"}, _alone_where_unknown(camera.astype(np.int64)))


def _alone_where_unknown(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """The groups with a number of its own for every -1."""
    alone = np.flatnonzero(group < 0)
    whole = group.copy()
    whole[alone] = group.max(initial=-1) + 1 + np.arange(len(alone))
    return whole


def _kinds(samples: Samples) -> NDArray[np.int64]:
    """The combination of labels of each image, from 0; one for all where there are no labels, or hardly any repeat."""
    columns = [labels.reshape(len(labels), -1) for labels in samples.labels.values()]
    if not columns:
        return np.zeros(len(samples), dtype=np.int64)
    _, kinds, size = np.unique(np.concatenate(columns, axis=1), axis=0, return_inverse=True, return_counts=True)
    if (size[kinds] > 4).mean() < 0.5:
        return np.zeros(len(samples), dtype=np.int64)
    return kinds.reshape(-1).astype(np.int64)
