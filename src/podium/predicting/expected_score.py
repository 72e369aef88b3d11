"""Where the score of a submission will lie on a test set that is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.decisions import DecisionRules, Pool, judged_answers, pool_bags, without_groups
from podium.errors import UsageError
from podium.metrics import METRICS, ExpectedScore, Scores, TrainingGain, expect_score, number_groups
from podium.predicting.run_rules import load_rules
from podium.store import RunFolder, load_tables
from podium.tables import Head, Predictions, Samples, as_certain_probs, load_predictions

__all__ = [
    "DecidedRows",
    "check_public_share",
    "decided_rows",
    "expect_of_predictions",
    "expect_on_test",
    "expect_with",
]


def expect_on_test(
    run: RunFolder,
    *,
    n_images: int,
    n_groups: int | None = None,
    is_refit: bool = False,
    rules: DecisionRules | None = None,
) -> ExpectedScore | None:
    """The range for a test set that is known, of the answers as the run decides now.

    Args:
        run: A run.
        n_images: Images of the test set, or bags where one answer is for several.
        n_groups: Groups of the test set; None where they are not known.
        is_refit: Whether the model on all images answers, not the mean of the folds.
        rules: How it is decided; None as the run decides.

    Returns:
        None where the run is not scored yet, was scored by a version that did not ask, or where its stated score cannot
        be believed of new objects.

    Raises:
        UsageError: If a size is less than 1.
    """
    if n_images < 1 or (n_groups is not None and n_groups < 1):
        raise UsageError(f"a test set has at least one image and one group, got {n_images} and {n_groups}.")
    if not run.is_finished or not run.oof_file.is_file():
        return None
    record = durable.read_json(run.scores_file)
    scores = Scores.from_dict(record)
    if scores.expected is None or scores.pessimistic is not None:
        return None
    samples, _ = load_tables(run)
    share = 1.0 if is_refit else scores.expected.share
    oof = load_predictions(run.oof_file)
    gain = scores.expected.gain
    return expect_with(run, samples, oof, scores, gain, share, n_images=n_images, n_groups=n_groups, rules=rules)


def expect_of_predictions(
    run: RunFolder, name: str, *, public_share: float | None = None, rules: DecisionRules | None = None
) -> ExpectedScore | None:
    """The range for the test set of a run's predictions, or for a part of it that is drawn at random.

    Args:
        run: The run.
        name: Name of the predictions.
        public_share: Share of the images that a public leaderboard scores, in (0, 1); None takes all.
        rules: How they are decided; None as the run decides.

    Raises:
        UsageError: If the share is not in (0, 1).
    """
    check_public_share(public_share)
    predictions = load_predictions(run.predictions_file(name))
    about = durable.read_json(run.predictions_file(name).with_suffix(".json"))
    is_refit = isinstance(about, dict) and about.get("models") == "refit"
    if predictions.bag is not None:  # a leaderboard counts answers
        predictions = pool_bags(predictions, "mean")
    n_images = max(1, round(len(predictions) * (public_share or 1.0)))
    n_groups = None if predictions.group is None else number_groups(predictions.group)[1]
    return expect_on_test(run, n_images=n_images, n_groups=n_groups, is_refit=is_refit, rules=rules)


def check_public_share(share: float | None) -> None:
    """Raise UsageError unless it is a share in (0, 1), or None."""
    if share is not None and not 0 < share < 1:
        what = f"a share of a leaderboard is between 0 and 1, got {share}."
        raise UsageError(what, field="public_share", fix="Write 0.3 for 30 % of the test images.")


def expect_with(
    run: RunFolder,
    samples: Samples,
    oof: Predictions,
    scores: Scores,
    gain: TrainingGain,
    share: float,
    *,
    n_images: int | None = None,
    n_groups: int | None = None,
    rules: DecisionRules | None = None,
) -> ExpectedScore:
    """The range by a gain that is known, of the answers as the run decides.

    Args:
        run: The run.
        samples: Its samples.
        oof: Its out-of-fold predictions.
        scores: Their scores.
        gain: What more images gain.
        share: Share of it that the answer has.
        n_images: Images of the test set; None takes as many as are evaluated.
        n_groups: Groups of the test set.
        rules: How it is decided; None as the run decides.
    """
    rules = load_rules(run, oof.task) if rules is None else rules
    if scores.of_images is not None:
        rules = replace(rules, recipe_pool=cast("Pool", scores.of_images.pool))
    item = METRICS[scores.main_metric]
    rows = decided_rows(oof, samples, rules, scores.main_target, as_certain=item.needs == "decisions")
    found = expect_score(
        item, rows.head, rows.probs, rows.labels, rows.groups, gain, share=share, n_images=n_images, n_groups=n_groups
    )
    return replace(found, unit="image" if samples.bag is None else "bag")


@dataclass(frozen=True, eq=False)
class DecidedRows:
    """What is judged of a target: images or bags, as rules decide them, in the order of the samples.

    Args:
        head: The target.
        ids: Shape (N,).
        probs: Shape (N, C); 0 and 1 where decisions are judged.
        decided: The decisions, shape (N,) or (N, C).
        labels: Shape (N,) or (N, C).
        groups: Shape (N,).
    """

    head: Head
    ids: NDArray[np.object_]
    probs: NDArray[np.floating[Any]]
    decided: NDArray[np.int64]
    labels: NDArray[np.integer[Any]]
    groups: NDArray[np.object_]


def decided_rows(
    oof: Predictions, samples: Samples, rules: DecisionRules, target: str, *, as_certain: bool
) -> DecidedRows:
    """Out-of-fold answers of a target as rules decide them.

    Args:
        oof: Out-of-fold predictions of images.
        samples: Their samples.
        rules: The rules.
        target: Name of the target.
        as_certain: Whether decisions are wanted, where the rules are others than the usual ones.
    """
    rules = rules.without_prevalence()
    oof, samples = judged_answers(oof, samples, rules.pool_of_bags)
    rows = samples.rows_of(oof.ids)
    order = np.argsort(rows)  # so that nothing depends on the order of the predictions
    oof, rows = oof.take(order), rows[order]
    head = next(head for head in oof.task.targets if head.name == target)
    if rules.consensus:
        if samples.group is None:
            raise without_groups(rules.consensus)
        oof = Predictions(oof.task, oof.ids, oof.fold, oof.probs, group=samples.group[rows])
    probs, decided = rules.join_out_of_fold(oof).probs[target], rules.decide_out_of_fold(oof)[target]
    if not rules.is_default and as_certain:
        probs = as_certain_probs(decided, head)
    return DecidedRows(head, oof.ids, probs, decided, samples.target_labels(target)[rows], samples.group_keys[rows])
