"""Images that lie as close as those of one object do, on both sides of a split, and what they do to a score."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from podium.metrics.interval import Interval, none_if_nan

__all__ = ["CROSSING", "PARTED", "LookAlikes"]

CLEAR = 0.25
"""Separation from which clusters are objects: kinds of clothes in one class have up to 0.27, X-rays of a patient 0.30,
frames 0.56 (benchmarks/blind_groups.py, 2026-11-30)."""
LEAST_GAP = 0.08
"""Gap from which they are: kinds of things that every class has, such as shoes of each season, are as near to another
class as to their own (0.05), frames and X-rays nearer to their own (0.51 and 0.13)."""
LEAST_REST, LEAST_OF_KIND = 0.0, 20.0
"""Clusters are kinds of things that all classes share where both hold. Nothing is left of the gap without an image's
own cluster: beyond its kind, another class has the same kind, and its own class lies farther away (-0.04 to -0.41 by
season, use and colour of clothes; objects 0.01 to 0.14). And the cluster of an image has 20 images or more in the mean
(40 to 138; objects 4 to 8)."""
BEYOND_CHANCE = 0.1
"""What is left of it when that by chance is taken away: features of a few dimensions have 0.3 by chance."""
FEW_KNOWN = 0.05
"""Share of the evaluated images below which it does not matter that their cluster is divided."""
CROSSING = 0.5
"""Share of images that a look-alike of another named group is nearer to than their own group's, from which on the named
groups are too fine: half of an object's frames are as near to the other half as to each other."""
PARTED = 0.02
"""Difference between two scores below which nobody needs to know of it."""


@dataclass(frozen=True)
class LookAlikes:
    """What the features of a frozen network say of images that nobody put into a group.

    Args:
        n: Images that were compared.
        n_clusters: Clusters of two images or more among them.
        n_clustered: Images in these clusters.
        separation: How much nearer images are to their cluster than to the next one: mean silhouette of images that
            have company, in [-1, 1].
        by_chance: The same where there are no clusters, for points of the same means and covariances.
        gap: Median similarity of an evaluated image to the nearest one of its class, less that to the nearest one of
            another class; nan where images have no single class.
        nearer: How much nearer an evaluated image's nearest image of its class is than the nearest of another cluster,
            in the median.
        known_fraction: Share of the evaluated images with a training image in their cluster.
        score_known: Main score of these; nan where it has no value.
        score_new: Main score of all others.
        stated: Score of heads on frozen features in the run's own folds, by target; empty where nothing was solved.
        pessimistic: Their score where no cluster is divided, moved by what the run itself is better or worse than
            `stated`, by target; empty where the clusters are not clear, or are not divided.
        group_pattern: Regular expression that cuts groups out of the names which stand apart as the clusters do; "" if
            none does.
        n_name_groups: Groups of two images or more that it makes.
        name_separation: Mean silhouette of all images in these groups, less that of the same groups dealt at random.
        rest: As `gap`, but to the nearest one of its class outside of its cluster.
        cluster_size: Images of the cluster of an image, in the mean over images; nan where nobody counted.
        crossing: Where groups are named: share of the images with others of their group that have a nearer one of their
            cluster in another group and fold; nan where no group is named, or groups are of one image each.
        holdout_fraction: Share of the held-out images with an image of their cluster in the folds; nan without any.
        n_all: Images there are; `n` of them were compared where these are more.
    """

    n: int
    n_clusters: int
    n_clustered: int
    separation: float
    by_chance: float
    gap: float
    nearer: float
    known_fraction: float
    score_known: float
    score_new: float
    stated: Mapping[str, float] = field(default_factory=dict)
    pessimistic: Mapping[str, Interval] = field(default_factory=dict)
    group_pattern: str = ""
    n_name_groups: int = 0
    name_separation: float = 0.0
    rest: float = math.nan
    cluster_size: float = math.nan
    crossing: float = math.nan
    holdout_fraction: float = math.nan
    n_all: int = 0

    @property
    def are_divided(self) -> bool:
        """Whether clear clusters lie on both sides of the split, and no named group speaks against it."""
        return self.are_clear and self.known_fraction >= FEW_KNOWN and not self.crossing < CROSSING

    @property
    def are_clear(self) -> bool:
        """Whether there are clusters as those of one object."""
        are_kinds = self.rest < LEAST_REST and self.cluster_size >= LEAST_OF_KIND
        is_nearer = (math.isnan(self.gap) or self.gap >= LEAST_GAP) and not are_kinds
        return self.separation >= max(CLEAR, self.by_chance + BEYOND_CHANCE) and is_nearer

    @property
    def is_holdout_known(self) -> bool:
        """Whether clear clusters lie in the holdout and in the folds."""
        return self.are_clear and self.holdout_fraction >= FEW_KNOWN

    @property
    def is_partial(self) -> bool:
        """Whether some images were not compared."""
        return self.n_all > self.n

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; nan is None."""
        record = {item.name: getattr(self, item.name) for item in fields(self)}
        plain = {name: none_if_nan(value) if isinstance(value, float) else value for name, value in record.items()}
        stated = {name: none_if_nan(value) for name, value in self.stated.items()}
        pessimistic = {name: found.to_dict() for name, found in self.pessimistic.items()}
        return plain | {"stated": stated, "pessimistic": pessimistic}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> LookAlikes:
        """What `to_dict` wrote."""
        known: dict[str, Any] = {name: math.nan if value is None else value for name, value in record.items()}
        stated = {name: math.nan if value is None else value for name, value in record["stated"].items()}
        pessimistic = {name: Interval.from_dict(found) for name, found in record["pessimistic"].items()}
        return cls(**known | {"stated": stated, "pessimistic": pessimistic})
