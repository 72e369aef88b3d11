"""What hashes cannot see: images of one object on both sides of a split, told by the features of a frozen network."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.crossval.compared_rows import choose_compared
from podium.crossval.scored_run import ScoredRun
from podium.curate import write_clusters
from podium.errors import PodiumError, SplitError, Stopped
from podium.listing import count_of
from podium.machine import Caution
from podium.machine.tuning import restored_torch
from podium.metrics import METRICS, Interval, LookAlikes, Scores, score_predictions
from podium.metrics import score as score_by
from podium.recipe import load_recipe
from podium.splits import LeakReport, join_groups, list_name_groupings, make_folds
from podium.store import RunFolder
from podium.tables import HOLDOUT, Folds, Predictions, Samples
from podium.twins import FeatureClusters, crossing_share, find_clusters, find_nearest, silhouettes_of

if TYPE_CHECKING:
    from podium.crossval.frozen_view import FrozenView

__all__ = ["look_for_look_alikes"]

FEWEST = 100
"""Images below which clusters say nothing."""
MOST = 20_000
"""Images that are compared: of more, whole classes by lot as long as they fit, else runs of neighbours in the table."""
MOST_ASKED = 2000
"""Evaluated images whose nearest neighbours are looked for."""
MOST_FOLDS = 5
LEAST_BY_NAME = 0.15
"""How much higher the mean silhouette of groups by names must be than that of the same groups dealt at random."""


def look_for_look_alikes(scored: ScoredRun) -> LookAlikes | None:
    """Clusters of images as near as those of one object, whether the folds divide them, and the score if they did not.

    It takes the frozen features that a run with a frozen backbone has in the cache; for others, those of their start
    weights, computed in one pass: a network that was trained puts images that it knows where their label is.

    Args:
        scored: The run.

    Of more than 20,000 images it looks at some, and only where the features are in the cache.

    Returns:
        What was found; None where there are too few images, or no features: a note says why.

    Raises:
        Stopped: If it was asked for.
    """
    durable.remove_file(scored.run.clusters_file)
    samples, folds = scored.samples, scored.folds
    rows = np.flatnonzero(~samples.is_extra)
    if (folds.fold[rows] != HOLDOUT).sum() < FEWEST:
        return None
    if len(rows) > MOST and load_recipe(scored.run.recipe_file).model.freeze != "backbone":
        scored.progress.note(
            Caution(f"Look-alikes were not looked for: {count_of(len(rows), 'image has', 'images have')} no features.")
        )
        return None
    if load_recipe(scored.run.recipe_file).image.regions:
        scored.progress.note(Caution("Look-alikes were not looked for: models see different regions of the images."))
        return None
    n_all, rows = len(rows), rows[choose_compared(_kinds(samples)[rows], MOST)]
    try:
        with restored_torch():
            found = _open(scored, rows).describe(is_whole=n_all == len(samples) and n_all == len(rows))
            found = replace(found, n_all=int((folds.fold[~samples.is_extra] != HOLDOUT).sum()))
            if found.is_partial:  # as groups they would leave most images alone
                durable.remove_file(scored.run.clusters_file)
            return found
    except Stopped:
        raise
    except PodiumError as problem:
        scored.progress.note(Caution(f"Look-alikes on both sides of the split were not looked for: {problem.what}"))
        return None


def _open(scored: ScoredRun, rows: NDArray[np.int64]) -> _Look:
    """The look at some rows, with their features."""
    from podium.crossval.frozen_view import open_frozen_view  # torch, which gathering needs for this alone

    samples, fold = scored.samples.take(rows), scored.folds.fold[rows]
    view = open_frozen_view(scored.run, samples, scored.settings, scored.progress, scored.stop)
    learnt = np.flatnonzero(fold != HOLDOUT)
    own = replace(view, rows=view.rows[learnt])
    return _Look(scored, samples.take(learnt), fold[learnt], own, (samples, fold, view))


@dataclass(frozen=True, eq=False)
class _Look:
    """One look; the samples are those that are compared but the holdout's, and `fold` is theirs; `whole` has both."""

    scored: ScoredRun
    samples: Samples
    fold: NDArray[np.int64]
    view: FrozenView
    whole: tuple[Samples, NDArray[np.int64], FrozenView]

    def describe(self, *, is_whole: bool) -> LookAlikes:
        from podium.training.cross_solve import cross_solve  # torch, which gathering needs for this alone

        view = self.view
        directions, kinds = view.directions(), _kinds(self.samples)
        clusters = find_clusters(directions, kinds)
        found = self._measure(directions, kinds, clusters)
        if found.are_clear:
            write_clusters(self.scored.run.clusters_file, self.samples.ids.tolist(), clusters.cluster)
            found = replace(found, holdout_fraction=self._known_of_holdout())
        if not found.are_divided:
            return found
        found = replace(found, **_find_names(self.samples, directions, kinds))

        def solve(samples: Samples, folds: Folds) -> Predictions:
            return cross_solve(view.recipe, samples, folds, view.inputs, view.rows, view.device, self.scored.stop)

        return self._solve(found, clusters, solve, is_own=view.recipe is view.own and is_whole)

    def _known_of_holdout(self) -> float:
        """Share of the held-out images in a cluster with others; nan without any."""
        samples, fold, view = self.whole
        is_held = fold == HOLDOUT
        if not is_held.any():
            return math.nan
        cluster = find_clusters(view.directions(), _kinds(samples)).cluster
        return float(np.isin(cluster[is_held], cluster[~is_held]).mean())

    def _measure(
        self, directions: NDArray[np.float32], kinds: NDArray[np.int64], clusters: FeatureClusters
    ) -> LookAlikes:
        judged = self.samples.rows_of(self._oof.ids)
        is_known = _has_mate_elsewhere(clusters.cluster, self.fold)[judged]
        asked = judged[np.linspace(0, len(judged) - 1, min(len(judged), MOST_ASKED)).round().astype(int)]
        kin, apart, others = find_nearest(directions, asked, kinds, sets=clusters.cluster)
        return LookAlikes(
            n=len(self.samples),
            n_clusters=int((np.bincount(clusters.cluster) > 1).sum()),
            n_clustered=int(clusters.has_company.sum()),
            separation=clusters.separation,
            by_chance=clusters.by_chance,
            gap=_median(kin - others),
            nearer=_median(kin - apart),
            rest=_median(apart - others),
            cluster_size=float(np.bincount(clusters.cluster)[clusters.cluster].mean()),
            known_fraction=float(is_known.mean()),
            score_known=self._score(judged, is_known),
            score_new=self._score(judged, ~is_known),
            crossing=self._crossing(directions, asked, clusters),
        )

    @property
    def _oof(self) -> Predictions:
        """Predictions of the images that are compared."""
        return self.scored.oof.take(np.flatnonzero(np.isin(self.scored.oof.ids, self.samples.ids)))

    def _crossing(self, directions: NDArray[np.float32], asked: NDArray[np.int64], clusters: FeatureClusters) -> float:
        if not _are_groups_named(self.scored.run, self.samples):
            return math.nan
        group = np.unique(self.samples.group_keys.astype(str), return_inverse=True)[1]
        return crossing_share(directions, asked, group=group, cluster=clusters.cluster, fold=self.fold)

    def _score(self, judged: NDArray[np.int64], is_taken: NDArray[np.bool_]) -> float:
        oof = self._oof
        head = oof.task.main_target
        if not is_taken.any():
            return float("nan")
        probs, labels = oof.probs[head.name][is_taken], self.samples.target_labels(head.name)[judged[is_taken]]
        return score_by(METRICS[self.scored.scores.main_metric], probs, labels, head)

    def _solve(self, found: LookAlikes, clusters: FeatureClusters, solve: Any, *, is_own: bool) -> LookAlikes:
        # Whatever split the source gives: its own would be the one that divides them.
        free = replace(self.samples, split=None, fold=None)
        whole = replace(free, group=join_groups(free, _chain(clusters.cluster)))
        try:
            apart = make_folds(whole, folds=MOST_FOLDS, split_seed=0)
        except SplitError:  # fewer clusters than folds
            return found
        pessimistic = self._scores_of(solve(whole, apart), whole)
        if is_own:
            stated = {name: self._interval(self.scored.scores, name).value for name in pessimistic}
            return replace(found, stated=stated, pessimistic=pessimistic)
        own = Folds(self.samples.ids, self.fold, int(self.fold.max()) + 1, "as the run's", 0, "")
        stated = {name: score.value for name, score in self._scores_of(solve(self.samples, own), self.samples).items()}
        for name, score in pessimistic.items():
            pessimistic[name] = _moved(score, self._interval(self.scored.scores, name).value - stated[name])
        return replace(found, stated=stated, pessimistic=pessimistic)

    def _scores_of(self, predictions: Predictions, samples: Samples) -> dict[str, Interval]:
        """Score of each target on the images that the run was evaluated on."""
        judged = predictions.take(np.flatnonzero(np.isin(predictions.ids, self._oof.ids)))
        scores = score_predictions(judged, samples, metric=self.scored.scores.main_metric)
        return {name: self._interval(scores, name) for name in scores.targets}

    def _interval(self, scores: Scores, target: str) -> Interval:
        return scores.targets[target].metrics[self.scored.scores.metric_of(target)]


def _find_names(samples: Samples, directions: NDArray[np.float32], kinds: NDArray[np.int64]) -> dict[str, Any]:
    """The grouping by names whose images are nearest each other, with its evidence; nothing where none is."""
    best: dict[str, Any] = {}
    highest, rng = LEAST_BY_NAME, np.random.default_rng(0)
    for grouping in list_name_groupings([str(name) for name in samples.ids]):
        own = float(silhouettes_of(directions, kinds, grouping.group).mean())
        dealt = float(silhouettes_of(directions, kinds, rng.permutation(grouping.group)).mean())
        if own - dealt > highest:
            n_groups = int((np.bincount(grouping.group) > 1).sum())
            best = {"group_pattern": grouping.pattern, "n_name_groups": n_groups, "name_separation": own - dealt}
            highest = own - dealt
    return best


def _are_groups_named(run: RunFolder, samples: Samples) -> bool:
    """Whether somebody named groups; else they are duplicates that were kept on one side."""
    joined = LeakReport.from_dict(durable.read_json(run.path / "folds.json")["leaks"]).joined
    return samples.has_groups and (joined is None or joined.is_named)


def _moved(score: Interval, by: float) -> Interval:
    return replace(score, value=score.value + by, low=score.low + by, high=score.high + by)


def _kinds(samples: Samples) -> NDArray[np.int64]:
    """What an image shares with others of its object: the class of the main target; nothing where there are several
    labels, or attributes without a composite class, of which one object may show each."""
    task = samples.task
    assert task is not None, "a run has labels"
    if task.main_target.is_multi or (len(task.heads) > 1 and task.composite is None):
        return np.zeros(len(samples), dtype=np.int64)
    return np.asarray(samples.target_labels(task.main_target.name), dtype=np.int64)


def _has_mate_elsewhere(cluster: NDArray[np.int64], fold: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether an image's cluster holds one of another fold, shape (N,)."""
    order = np.lexsort((fold, cluster))
    is_pair = (np.diff(cluster[order]) == 0) & (np.diff(fold[order]) != 0)
    return np.isin(cluster, cluster[order[1:]][is_pair])


def _chain(cluster: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs of rows that join each cluster, shape (M, 2)."""
    order = np.argsort(cluster, kind="stable")
    is_pair = np.diff(cluster[order]) == 0
    return np.stack([order[:-1][is_pair], order[1:][is_pair]], axis=1)


def _median(values: NDArray[np.float32]) -> float:
    """The median of what is known; nan where nothing is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")
