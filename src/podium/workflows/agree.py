"""Whether recipes come in the same order on a proxy as on all images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.advice import option
from podium.arguments import strict_arguments
from podium.columns import align_columns
from podium.decisions import judged_answers
from podium.errors import UsageError
from podium.listing import count_of, list_some
from podium.metric_words import metric_words
from podium.metrics import METRICS, Interval, Scores
from podium.metrics.rank_agreement import rank_agreement, resampled_scores
from podium.recipe import load_recipe
from podium.store import RunFolder, check_scores, find_run, load_tables, read_pool
from podium.tables import Predictions, Samples, load_predictions

__all__ = ["Agreement", "agree"]

_MACHINE = {
    "training": {"precision", "layout", "compile", "augment_on"},
    "model": {"frozen_precision", "frozen_engine", "cached_views"},
    "image": {"mean", "std"},
}
"""Keys that a machine or the images settle: runs of one recipe may differ in them."""


@dataclass(frozen=True)
class Agreement:
    """Scores of recipes on two sets of images, and how far they order the recipes alike.

    Args:
        target: The target.
        metric: The metric.
        names: The first run of each recipe on the proxy, and on all images.
        scores: Its scores there, of several seeds the mean.
        tau: Kendall's tau-b, with an interval over resampled groups of both sets.
        regret: What is lost on all images by the recipe that is best on the proxy; 0 where it is best there too.
    """

    target: str
    metric: str
    names: tuple[tuple[str, str], ...]
    scores: tuple[tuple[float, float], ...]
    tau: Interval
    regret: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        rows = [
            {"runs": list(names), "scores": list(scores)} for names, scores in zip(self.names, self.scores, strict=True)
        ]
        return {
            "target": self.target,
            "metric": self.metric,
            "recipes": rows,
            "tau": self.tau.to_dict(),
            "regret": self.regret,
        }

    def lines(self) -> list[str]:
        """The same for a terminal."""
        rows = [
            (*names, f"{scores[0]:.4f}", f"{scores[1]:.4f}")
            for names, scores in zip(self.names, self.scores, strict=True)
        ]
        table = align_columns(("proxy", "all images", "on the proxy", "on all images"), rows, left=2)
        n_pairs = len(rows) * (len(rows) - 1) // 2
        return [
            *table,
            "",
            f"Kendall's tau {self.tau} over {count_of(len(rows), 'recipe')}, {count_of(n_pairs, 'pair')}:"
            f" {metric_words(self.metric)} of {self.target}",
            f"The best recipe on the proxy loses {self.regret:.4f} on all images.",
        ]


@dataclass(frozen=True, eq=False)
class _Judged:
    """One run's answers out of fold."""

    run: RunFolder
    recipe: str
    answers: Predictions
    units: Samples


@strict_arguments()
def agree(
    proxy: Sequence[str],
    whole: Sequence[str],
    *,
    runs: str | Path = "runs",
    metric: str | None = None,
    by_order: bool = False,
    level: float = 0.95,
) -> Agreement:
    """Kendall's tau of recipes' out-of-fold scores on a proxy and on all images, with an interval.

    Runs are matched by their recipes, whatever seed they have; several seeds of a recipe are averaged.

    Args:
        proxy: Runs on the proxy: names or folders.
        whole: Runs on all images.
        runs: Folder of all runs.
        metric: Compare by this metric; None takes the main one of the first run.
        by_order: Match the first run with the first one, and so on, where recipes are spelt otherwise on both sides.
        level: Confidence level.

    Raises:
        UsageError: If there are fewer than two recipes, one has no partner, a run is not finished, or tasks differ.
    """
    sides = [[_open(find_run(Path(runs), name)) for name in names] for names in (proxy, whole)]
    pairs = _match_by_order(*sides) if by_order else _match(*sides)
    if len(pairs) < 2:
        raise UsageError("an order needs two recipes.", fix="Name runs of two recipes or more on each side.")
    first = sides[0][0]
    scores = Scores.from_dict(durable.read_json(first.run.scores_file))
    head = first.answers.task.main_target
    if any(one.answers.task.main_target != head for side in sides for one in side):
        raise UsageError("these runs answer different tasks.", fix="Compare runs of one task.")
    name = metric or scores.main_metric
    if name not in METRICS or not METRICS[name].fits(head):
        raise UsageError(f"{name!r} is no metric of {head.name!r}.", field="metric", fix="Name one that fits.")
    drawn = [_scores([pair[side] for pair in pairs], name, seed=side) for side in (0, 1)]
    values = np.stack([drawn[0][0], drawn[1][0]], axis=1)  # (K, 2)
    signed = values if METRICS[name].greater_is_better else -values
    regret = float(signed[:, 1].max() - signed[int(signed[:, 0].argmax()), 1])
    return Agreement(
        head.name,
        name,
        tuple((pair[0][0].run.name, pair[1][0].run.name) for pair in pairs),
        tuple((float(a), float(b)) for a, b in values),
        rank_agreement(drawn[0], drawn[1], level=level),
        regret,
    )


def _open(run: RunFolder) -> _Judged:
    check_scores(run)
    kept = load_recipe(run.recipe_file).model_dump(mode="json", exclude={"preset": True, "seed": True, **_MACHINE})
    answers, units = judged_answers(load_predictions(run.oof_file), load_tables(run)[0], read_pool(run))
    return _Judged(run, repr(kept), answers, units)


_Pairs = list[tuple[list[_Judged], list[_Judged]]]


def _match(proxy: Sequence[_Judged], whole: Sequence[_Judged]) -> _Pairs:
    """Runs of each recipe on both sides."""
    alone = [one.run.name for side, other in ((proxy, whole), (whole, proxy)) for one in side
             if one.recipe not in {mate.recipe for mate in other}]  # fmt: skip
    if alone:
        raise UsageError(
            f"the recipes of {list_some(alone)} are on one side only.",
            fix=f"Leave these runs out, or name both sides in the same order and set {option('by_order')}.",
        )
    recipes = list(dict.fromkeys(one.recipe for one in proxy))
    return [([a for a in proxy if a.recipe == key], [b for b in whole if b.recipe == key]) for key in recipes]


def _match_by_order(proxy: Sequence[_Judged], whole: Sequence[_Judged]) -> _Pairs:
    if len(proxy) != len(whole):
        small, full = count_of(len(proxy), "run"), count_of(len(whole), "run")
        raise UsageError(f"{small} on the proxy cannot be paired with {full} on all images.")
    return [([a], [b]) for a, b in zip(proxy, whole, strict=True)]


def _scores(
    recipes: Sequence[Sequence[_Judged]], metric: str, *, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scores of recipes on what all their runs answered, plain and resampled."""
    flat = [one for seeds in recipes for one in seeds]
    shared = set(flat[0].answers.ids).intersection(*(set(one.answers.ids) for one in flat[1:]))
    if not shared:
        raise UsageError(f"no image was judged in all of {list_some([one.run.name for one in flat])}.")
    units, head = flat[0].units, flat[0].answers.task.main_target
    ids = units.ids[np.isin(units.ids, list(shared))]
    table = units.take(units.rows_of(ids))
    probs = [[one.answers.align(ids).probs[head.name] for one in seeds] for seeds in recipes]
    return resampled_scores(probs, table.target_labels(head.name), table.group_keys, METRICS[metric], head, seed=seed)
