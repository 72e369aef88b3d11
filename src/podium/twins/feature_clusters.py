"""Clusters of images inside each class, as many as the distances themselves suggest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FeatureClusters", "find_clusters", "silhouettes_of"]

LARGEST_BLOCK = 2000
"""Images that are clustered together; a larger class is halved first, along its widest direction."""
_CUTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.825, 0.85, 0.875, 0.9, 0.925, 0.95)
"""Shares of all merges after which the clusters are judged."""
_FEWEST_CLUSTERED = 0.3
"""Share of the images that must have company: the few closest pairs of any set are close."""
_NEARLY_BEST = 0.975
"""Of the cuts whose mean silhouette is this share of the highest, the one with the most clusters is taken: the maximum
is flat where clusters are of two or three images, and each cluster too few takes more away than it should."""
_MOST_DRAWS, _DRAWN_IMAGES = 10, 5000
"""Draws of points without clusters, and images of all draws together. One draw of 128 images says 0.27 to 0.35."""


@dataclass(frozen=True, eq=False)
class FeatureClusters:
    """Clusters of images.

    Args:
        cluster: Cluster of each image, shape (N,).
        separation: Mean silhouette of the images that have company, in [-1, 1], at its highest over the numbers of
            clusters that give 30 % of the images company: how much nearer an image is to its cluster than to the next.
            0 where there is none.
        by_chance: The separation of as many points of normal distributions with the same means and covariances, which
            have no clusters; the mean of some draws. It is high where there are few features, or they go together.
    """

    cluster: NDArray[np.int64]
    separation: float
    by_chance: float

    @property
    def has_company(self) -> NDArray[np.bool_]:
        """Whether an image shares its cluster, shape (N,)."""
        return np.asarray(np.bincount(self.cluster)[self.cluster] > 1)


def find_clusters(directions: NDArray[np.float32], kinds: NDArray[np.int64]) -> FeatureClusters:
    """Clusters by average linkage inside each kind, as many as a mean silhouette near its highest allows.

    One distance cuts all kinds, because frames of one object are as alike in one class as in another. The result does
    not depend on the order of the images, but where distances are equal; what happens by chance is drawn.

    Args:
        directions: From `make_directions`, shape (N, D).
        kinds: Images of different kinds share no cluster, shape (N,); one number for all clusters them together.

    Source:
        Rousseeuw 1987, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", and
        for the comparison with points that have none Tibshirani et al. 2001, "Estimating the number of clusters in a
        data set via the gap statistic".
    """
    blocks = [block for kind in np.unique(kinds) for block in _halve(directions, np.flatnonzero(kinds == kind))]
    cluster, separation = _cut_best(directions, blocks)
    rng, n_draws = np.random.default_rng(0), max(1, min(_MOST_DRAWS, _DRAWN_IMAGES // max(len(directions), 1)))
    by_chance = [_cut_best(_without_clusters(directions, blocks, rng), blocks)[1] for _ in range(n_draws)]
    return FeatureClusters(cluster, separation, float(np.mean(by_chance)))


def _without_clusters(
    directions: NDArray[np.float32], blocks: list[NDArray[np.int64]], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Directions drawn from the normal distribution that has the mean and covariance of each block."""
    drawn = np.empty_like(directions)
    for rows in blocks:
        own = directions[rows]
        mean = own.mean(axis=0)
        mix = rng.standard_normal((len(rows), len(rows)), dtype=np.float32) / np.float32(np.sqrt(max(1, len(rows))))
        drawn[rows] = mean + mix @ (own - mean)
    length = np.linalg.norm(drawn, axis=1, keepdims=True)
    np.divide(drawn, length, out=drawn, where=length > 0)
    return drawn


def _cut_best(directions: NDArray[np.float32], blocks: list[NDArray[np.int64]]) -> tuple[NDArray[np.int64], float]:
    """Cluster of each image, and their separation."""
    n = len(directions)
    trees = [_Tree(directions, rows) for rows in blocks]
    heights = np.concatenate([np.empty(0), *(tree.heights for tree in trees)])
    separation = 0.0
    found = [(0.0, _number(trees, -1.0, n))]  # mean silhouette and clusters of each cut, the finest first
    for cut in np.unique(np.quantile(heights, _CUTS)) if len(heights) else ():
        cluster = _number(trees, float(cut), n)
        silhouette = np.zeros(n)
        for tree in trees:
            silhouette[tree.rows] = tree.silhouettes(cluster[tree.rows])
        has_company = np.bincount(cluster)[cluster] > 1
        if has_company.mean() >= _FEWEST_CLUSTERED:
            separation = max(separation, float(silhouette[has_company].mean()))
        found.append((float(silhouette.mean()), cluster))
    highest = max(mean for mean, _ in found)
    return next(cluster for mean, cluster in found if mean >= _NEARLY_BEST * highest), separation


def silhouettes_of(
    directions: NDArray[np.float32], kinds: NDArray[np.int64], groups: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Silhouette of each image, in [-1, 1]: how much nearer it is to its group than to the next one of its kind.

    Args:
        directions: From `make_directions`, shape (N, D).
        kinds: Class of each image, shape (N,); those of a group that are of other kinds are not looked at.
        groups: Group of each image, shape (N,).

    Returns:
        Shape (N,); 0 for an image that is alone of its kind in its group.
    """
    found = np.zeros(len(kinds))
    for kind in np.unique(kinds):
        for rows in _halve(directions, np.flatnonzero(kinds == kind)):
            found[rows] = _silhouettes(_distances(directions[rows]), groups[rows])
    return found


class _Tree:
    """Average linkage of some images.

    Args:
        directions: Of all images.
        rows: Those to link, shape (n,).
    """

    def __init__(self, directions: NDArray[np.float32], rows: NDArray[np.int64]) -> None:
        from scipy.cluster.hierarchy import linkage
        from scipy.spatial.distance import squareform

        self.rows = rows
        self._distance = _distances(directions[rows])
        self._links = linkage(squareform(self._distance, checks=False), "average") if len(rows) > 1 else None

    @property
    def heights(self) -> NDArray[np.float64]:
        """Distance of each merge, shape (n - 1,)."""
        return np.empty(0) if self._links is None else np.asarray(self._links[:, 2])

    def cut(self, height: float) -> NDArray[np.int64]:
        """Cluster of each row, shape (n,), from 0."""
        from scipy.cluster.hierarchy import fcluster

        if self._links is None:
            return np.zeros(len(self.rows), dtype=np.int64)
        return np.asarray(fcluster(self._links, height, "distance") - 1, dtype=np.int64)

    def silhouettes(self, cluster: NDArray[np.int64]) -> NDArray[np.float64]:
        """Silhouette of each row, shape (n,); 0 where it is alone, or there is no other cluster."""
        return _silhouettes(self._distance, cluster)


def _distances(directions: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 less the cosine of each pair, shape (n, n)."""
    distance = np.clip(1.0 - directions @ directions.T, 0.0, None)
    np.fill_diagonal(distance, 0.0)
    return np.asarray(distance, dtype=np.float32)


def _silhouettes(distance: NDArray[np.float32], cluster: NDArray[np.int64]) -> NDArray[np.float64]:
    names, number, size = np.unique(cluster, return_inverse=True, return_counts=True)
    if len(names) < 2:
        return np.zeros(len(cluster))
    order = np.argsort(number, kind="stable")
    starts = np.concatenate([[0], np.cumsum(size)[:-1]])
    sums = np.add.reduceat(distance[:, order], starts, axis=1).astype(np.float64)  # (n, clusters)
    place = np.arange(len(cluster))
    own = sums[place, number] / np.maximum(size[number] - 1, 1)
    means = sums / size
    means[place, number] = np.inf
    other = means.min(axis=1)
    width = np.maximum(own, other)
    is_judged = (size[number] > 1) & (width > 0)
    return np.asarray(np.divide(other - own, width, out=np.zeros_like(own), where=is_judged), dtype=np.float64)


def _number(trees: list[_Tree], height: float, n: int) -> NDArray[np.int64]:
    """Clusters of all trees cut at one height, numbered through; a negative height leaves every image alone."""
    if height < 0:
        return np.arange(n, dtype=np.int64)
    cluster = np.zeros(n, dtype=np.int64)
    used = 0
    for tree in trees:
        own = tree.cut(height)
        cluster[tree.rows] = own + used
        used += int(own.max(initial=-1)) + 1
    return cluster


def _halve(directions: NDArray[np.float32], rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The rows in blocks that are small enough; neighbours mostly stay together."""
    if len(rows) <= LARGEST_BLOCK:
        return [rows]
    centred = directions[rows] - directions[rows].mean(axis=0)
    axis = centred[0]
    for _ in range(10):  # power iteration: roughly the widest direction will do
        axis = centred.T @ (centred @ axis)
        axis /= np.linalg.norm(axis) or 1.0
    order = np.argsort(centred @ axis, kind="stable")
    half = len(rows) // 2
    return [*_halve(directions, np.sort(rows[order[:half]])), *_halve(directions, np.sort(rows[order[half:]]))]
