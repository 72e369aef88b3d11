"""The top of the report: the score, its interval, and what it means."""

from __future__ import annotations

import math
from dataclasses import dataclass

from podium.listing import count_of, part_of
from podium.metrics import METRICS, ExpectedScore, Interval, Scores
from podium.report.contents import RunContents
from podium.report.domain_words import worst_domain_words
from podium.report.expected_words import expected_words, why_expected
from podium.report.folds_section import count_divided_groups
from podium.report.numbers import plain_count, plain_score
from podium.report.section import Section
from podium.report.unit_word import image_score_words
from podium.store.refit_record import refit_words

__all__ = ["Headline", "ScoreLine", "describe_headline", "describe_status"]


@dataclass(frozen=True)
class ScoreLine:
    """One target's score and chance: in the main metric, or in its own first one where it lacks that."""

    target: str
    metric: str
    interval: Interval
    chance: float


@dataclass(frozen=True)
class Headline(Section):
    """What the top shows.

    Args:
        status: What is still missing of the run; empty when it is finished.
        interval: The main score; None where nothing is scored yet.
        metric: Name of the main metric.
        target: The main target.
        is_error: Whether lower is better.
        chance: What the best answer that is the same for every image scores; nan where there is none.
        meaning: Sentences that say what was measured.
        targets: One line a target, where there are several.
        pessimistic: The score to show beside the main one, where look-alikes are divided; None where it stands alone.
        expected: Where the score of a submission will lie; None where that is not known.
    """

    status: str
    interval: Interval | None = None
    metric: str = ""
    target: str = ""
    is_error: bool = False
    chance: float = math.nan
    meaning: tuple[str, ...] = ()
    targets: tuple[ScoreLine, ...] = ()
    pessimistic: Interval | None = None
    expected: ExpectedScore | None = None


def describe_headline(contents: RunContents) -> Headline:
    """The top of the report of a run."""
    status, scores = describe_status(contents), contents.scores
    if scores is None:
        return Headline(status)
    metric = METRICS.get(scores.main_metric)
    return Headline(
        status=status,
        interval=scores.main,
        metric=scores.main_metric,
        target=scores.main_target,
        is_error=metric is not None and not metric.greater_is_better,
        chance=scores.chance,
        meaning=_explain(contents, scores),
        targets=_target_lines(scores),
        pessimistic=scores.pessimistic,
        expected=scores.expected if scores.pessimistic is None else None,
    )


def describe_status(contents: RunContents) -> str:
    """What is missing of an unfinished run, in one sentence; empty when it is finished."""
    if contents.run.is_finished or contents.scores is not None:
        return ""
    trained = sorted({row.fold for row in contents.epochs})
    if not trained:
        return "This run is not finished: no epoch has been trained yet."
    n = len(trained)
    folds = count_of(n, "fold") if contents.folds is None else part_of(n, contents.folds.n_folds, "fold")
    return (
        f"This run is not finished: {count_of(len(contents.epochs), 'epoch is', 'epochs are')} trained so far,"
        f" in {folds}, and nothing is scored yet."
    )


def _target_lines(scores: Scores) -> tuple[ScoreLine, ...]:
    if len(scores.targets) < 2:
        return ()
    lines = []
    for name, target in scores.targets.items():
        metric = scores.metric_of(name)
        lines.append(ScoreLine(name, metric, target.metrics[metric], target.chance_of(metric)))
    return tuple(lines)


def _explain(contents: RunContents, scores: Scores) -> tuple[str, ...]:
    target, interval = scores.targets[scores.main_target], scores.main
    sentences = [_measured_on(contents, target.n, target.n_groups)]
    if (of_images := image_score_words(scores)) is not None:
        sentences.append(f"{of_images[0].upper()}{of_images[1:]}.")
    if interval.has_bounds:
        drawn = "groups" if target.n_groups < target.n and not contents.groups_are_duplicates else f"{contents.unit}s"
        sentences.append(
            f"With other {drawn} of the same kind, the score would most likely lie between"
            f" {plain_score(interval.low)} and {plain_score(interval.high)}"
            f" ({interval.level:.0%} interval from {count_of(interval.n_resamples, 'resample')})."
        )
    else:
        sentences.append(f"There is no interval: {_why_no_interval(interval, target.n_groups)}.")
    sentences += [words for words in (worst_domain_words(scores),) if words]
    if not math.isnan(scores.chance):
        sentences.append(
            f"Chance is {plain_score(scores.chance)}: no answer that is the same for every {contents.unit} scores"
            f" better on these {contents.unit}s."
        )
    if scores.expected is not None and scores.pessimistic is None:
        sentences.append(
            f"Expected of the submission: {expected_words(scores.expected)}. {why_expected(scores.expected)}."
        )
    if contents.refit is not None:
        sentences.append(f"There is a refit too: {refit_words(contents.refit)}, and this one is of the folds' models.")
    return tuple(sentences)


def _why_no_interval(interval: Interval, n_groups: int) -> str:
    if math.isnan(interval.value):
        return "there is no score"
    if n_groups < 2:
        return "all images are of one group"
    return "every resample gives the same value" if interval.n_resamples else "none was asked for"


def _measured_on(contents: RunContents, n: int, n_groups: int) -> str:
    samples, folds = contents.samples, contents.folds
    start = f"From {count_of(n, contents.unit)}"
    if samples is None or folds is None:
        return f"{start}."
    if not samples.has_groups:
        return f"{start}, each predicted by a model that never saw it."
    if contents.unit == "image" or n_groups < n:  # a bag that nobody grouped is its own group
        start += f" of {plain_count(n_groups)} {contents.group_words}"
    if count_divided_groups(samples, folds) == 0:
        other = "a near-duplicate of it" if contents.groups_are_duplicates else "its group"
        return f"{start}, each predicted by a model that never saw {other}."
    return (
        f"{start}, each predicted by a model that never saw that {contents.unit},"
        f" but may have seen {'a near-duplicate' if contents.groups_are_duplicates else 'others of its group'}."
    )
