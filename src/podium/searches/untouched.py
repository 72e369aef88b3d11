"""What a search is worth on groups that it never used: winner, recipe to beat, and how far it promised too much.

Every score that a choice was made by is too good. These groups chose nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.dataset.prepared import Prepared
from podium.decisions import judged_answers, score_answers
from podium.machine import Progress, Settings
from podium.metrics import Interval, Metric, PairedDifference, paired_difference
from podium.metrics import metric as find_metric
from podium.metrics.interval import make_interval
from podium.metrics.rank_agreement import resampled_scores
from podium.searches.quiet import Stages
from podium.store import RunFolder, load_tables, read_pool, weights_behind
from podium.tables import Predictions, Samples, load_predictions
from podium.workflows.predict import predict_run

__all__ = ["NAME", "Side", "Untouched", "judge_untouched", "judged_side", "predict_untouched"]

NAME = "untouched"
"""Name of the predictions."""
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Untouched:
    """Winner and reference on the untouched groups.

    Args:
        n: Images, or bags where one answer is for several.
        n_groups: Groups.
        score: The winner's score, of the mean of its folds' models, as it would predict.
        reference: That of the recipe to beat.
        gain: The one minus the other, image by image, with a verdict.
        promised: The same difference out of fold, which chose the winner.
        optimism: How much better the winner's out-of-fold score is than that of the same models on these groups.
    """

    n: int
    n_groups: int
    score: Interval
    reference: Interval
    gain: PairedDifference
    promised: PairedDifference
    optimism: Interval

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        parts = ("score", "reference", "gain", "promised", "optimism")
        return {"n": self.n, "n_groups": self.n_groups} | {name: getattr(self, name).to_dict() for name in parts}


@dataclass(frozen=True)
class Side:
    """Answers of the main target and what was asked, in the order of ids; rows without a label are left out.

    Args:
        probs: Probabilities, shape (N, C).
        labels: Labels, shape (N,) or (N, C).
        groups: Groups, shape (N,).
    """

    probs: _Floats
    labels: NDArray[np.integer[Any]]
    groups: NDArray[np.object_]


def predict_untouched(run: RunFolder, held: Samples, settings: Settings, progress: Progress) -> Predictions:
    """Predictions of the untouched images, each fold's on disk too; kept ones where the models are the same."""
    path = run.predictions_file(NAME)
    if path.is_file():
        kept = load_predictions(path)
        if kept.origins[0].weights == weights_behind(run, NAME) and set(kept.ids) == set(held.ids):
            return kept
    return predict_run(run, held, settings, Stages(progress), name=NAME)


def judge_untouched(
    winner: RunFolder,
    reference: RunFolder,
    whole: Prepared,
    metric: str,
    level: float,
    settings: Settings,
    progress: Progress,
) -> Untouched:
    """Scores of both on the untouched groups, and what the search promised.

    Args:
        winner: Run that was chosen.
        reference: Run of the recipe to beat, on the same images.
        whole: The data, with these groups as holdout.
        metric: The metric.
        level: Level of the intervals and of the verdicts.
        settings: Machine and places.
        progress: Receives progress.
    """
    held = whole.samples.take(whole.folds.holdout_rows)
    made = [predict_untouched(run, held, settings, progress) for run in (winner, reference)]
    found = find_metric(metric)
    best, base = (judged_side(one, held, run) for one, run in zip(made, (winner, reference), strict=True))
    seen, before = (_out_of_fold(run) for run in (winner, reference))
    head = made[0].task.main_target
    gain = paired_difference(base.probs, best.probs, best.labels, best.groups, found, head, level=level)
    promised = paired_difference(before.probs, seen.probs, seen.labels, seen.groups, found, head, level=level)
    folds = [load_predictions(winner.predictions_file(NAME, fold)) for fold in winner.read()["folds"]]
    optimism = _optimism(seen, [judged_side(one, held, winner) for one in folds], found, head, level)
    best_score, base_score = (
        score_answers(one, held, read_pool(run), metric=metric).main
        for one, run in zip(made, (winner, reference), strict=True)
    )
    return Untouched(
        len(best.labels),
        len(set(best.groups.tolist())),
        best_score,
        base_score,
        gain,
        promised,
        optimism,
    )


def judged_side(predictions: Predictions, samples: Samples, run: RunFolder) -> Side:
    """Predictions of samples with what is asked of them, pooled as the run pools bags."""
    answers, units = judged_answers(predictions, samples, read_pool(run))
    units = units.take(units.rows_of(answers.ids))
    head = answers.task.main_target
    probs = np.asarray(answers.probs[head.name], dtype=np.float64)
    labels = units.target_labels(head.name)
    known = np.asarray((labels >= 0).any(axis=1) if head.is_multi else labels >= 0)
    order = np.argsort(answers.ids.astype(str), kind="stable")
    order = order[known[order]]
    return Side(probs[order], labels[order], units.group_keys[order])


def _out_of_fold(run: RunFolder) -> Side:
    return judged_side(load_predictions(run.oof_file), load_tables(run)[0], run)


def _optimism(seen: Side, folds: Sequence[Side], metric: Metric, head: Any, level: float) -> Interval:
    """The out-of-fold score minus the mean score of the single folds' models, each of which is no better than one."""
    value, drawn = resampled_scores([[seen.probs]], seen.labels, seen.groups, metric, head)
    labels, groups = folds[0].labels, folds[0].groups
    other, also = resampled_scores([[side.probs for side in folds]], labels, groups, metric, head, seed=1)
    n, sign = min(len(drawn), len(also)), 1 if metric.greater_is_better else -1
    n_groups = min(len(set(seen.groups.tolist())), len(set(groups.tolist())))
    difference = sign * (drawn[:n, 0] - also[:n, 0])
    return make_interval(float(sign * (value[0] - other[0])), difference, n_groups=n_groups, level=level, shifts=False)
