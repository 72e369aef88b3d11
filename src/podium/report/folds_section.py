"""The folds: how they were made, how alike they are, and whether anything leaks between them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from podium.metrics import DomainScore, Interval, Scores
from podium.report.contents import RunContents
from podium.report.curves_section import describe_curves
from podium.report.look_alike_words import judge_leaks
from podium.report.section import Section
from podium.splits import LeakReport, summarise_folds
from podium.tables import ALWAYS_TRAIN, HOLDOUT, LEFT_OUT, Folds, Samples

__all__ = ["FoldLine", "FoldTraining", "FoldsSection", "LeakVerdict", "count_divided_groups", "describe_folds"]


@dataclass(frozen=True)
class LeakVerdict:
    """What the leak check found.

    Args:
        state: "clean", "leaks" or "accepted" (leaks that the user accepted).
        words: The verdict in one line.
        details: Findings, a line each.
    """

    state: str
    words: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class FoldTraining:
    """The training of one model in a fold.

    Args:
        model: The model; "all" where one model answers all targets.
        n_epochs: Epochs trained.
        best_epoch: The epoch of its best score; None where no epoch has a score.
        seconds: How long its epochs took; None where nobody noted it.
    """

    model: str
    n_epochs: int
    best_epoch: int | None
    seconds: float | None


@dataclass(frozen=True)
class FoldLine:
    """One fold.

    Args:
        name: Its number, or what its rows are for.
        n: Images.
        n_groups: Groups among them.
        shares: Share of each class of the main target; empty without classes.
        deviation: Largest gap between the share of any target's class here and in the whole, as `summarise_folds`
            counts it, in [0, 1].
        deviation_at: Target and class of that gap, such as "age=60+"; empty without classes.
        score: Main score of the fold's images, with its interval; None where they are not judged.
        chance: What the best answer that is the same for every image of the fold scores; nan where it is not judged.
        trainings: One a model; none for rows that no fold validates, and before the first epoch.
    """

    name: str
    n: int
    n_groups: int
    shares: tuple[float, ...]
    deviation: float
    deviation_at: str
    score: Interval | None = None
    chance: float = math.nan
    trainings: tuple[FoldTraining, ...] = ()

    @property
    def seconds(self) -> float | None:
        """How long all trainings took; None where that is not known of each."""
        known = [training.seconds for training in self.trainings if training.seconds is not None]
        return sum(known) if known and len(known) == len(self.trainings) else None


@dataclass(frozen=True)
class FoldsSection(Section):
    """How the folds are, and how the models of each do."""

    metric: str
    method: str
    seed: int
    digest: str
    samples_digest: str
    lines: tuple[FoldLine, ...]
    target: str
    has_groups: bool
    group_words: str
    leaks: LeakVerdict | None
    notes: tuple[str, ...]
    domains: tuple[DomainScore, ...] = ()


def describe_folds(contents: RunContents) -> FoldsSection | None:
    """The section; None without folds or samples."""
    folds, samples = contents.folds, contents.samples
    if folds is None or samples is None:
        return None
    return FoldsSection(
        metric="" if contents.scores is None else contents.scores.main_metric,
        method=folds.method.replace("_", " + "),
        seed=folds.seed,
        digest=folds.digest,
        samples_digest=folds.samples_digest,
        lines=tuple(_add_trainings(_lines(folds, samples), contents)),
        target=samples.task.main_target.name if samples.task else "",
        has_groups=samples.has_groups,
        group_words=contents.group_words,
        leaks=None if contents.leaks is None else _judge_leaks(contents.leaks, contents.scores),
        notes=contents.fold_notes,
        domains=() if contents.scores is None else contents.scores.domains,
    )


def count_divided_groups(samples: Samples, folds: Folds) -> int:
    """Number of groups whose images lie in more than one part: two folds, or a fold and the training-only rows."""
    if not samples.has_groups:
        return 0
    parts: dict[str, int] = {}
    divided = set()
    for key, fold in zip(samples.group_keys, folds.side.tolist(), strict=True):
        if parts.setdefault(key, fold) != fold:
            divided.add(key)
    return len(divided)


def _judge_leaks(found: LeakReport, scores: Scores | None) -> LeakVerdict:
    state, words = judge_leaks(found, scores)
    return LeakVerdict(state, words, tuple(str(pair) for pair in found.pairs))


def _add_trainings(lines: list[FoldLine], contents: RunContents) -> Iterator[FoldLine]:
    """The lines of folds with their score and trainings; other lines as they are."""
    scores = {} if contents.scores is None else {str(item.fold): item for item in contents.scores.folds}
    curves = describe_curves(contents)
    trainings: dict[str, list[FoldTraining]] = {}
    for panel in () if curves is None else curves.panels:
        seconds = contents.seconds.get((panel.fold, panel.model))
        training = FoldTraining(panel.model, len(panel.epochs), panel.best_epoch, seconds)
        trainings.setdefault(str(panel.fold), []).append(training)
    for line in lines:
        own = tuple(trainings.get(line.name, ()))
        found = scores.get(line.name)
        if found is None:
            yield replace(line, trainings=own)
        else:
            yield replace(line, score=found.interval, chance=found.chance, trainings=own)


def _lines(folds: Folds, samples: Samples) -> list[FoldLine]:
    numbers = [
        *range(folds.n_folds),
        *(extra for extra in (ALWAYS_TRAIN, HOLDOUT, LEFT_OUT) if (folds.fold == extra).any()),
    ]
    names = {ALWAYS_TRAIN: "training only", HOLDOUT: "holdout", LEFT_OUT: "left out"}
    lines = []
    for number, part in zip(numbers, summarise_folds(samples, folds).parts, strict=True):
        shares = _class_shares(samples, np.flatnonzero(folds.fold == number))
        lines.append(
            FoldLine(
                name=names.get(number, str(number)),
                n=part.n_samples,
                n_groups=part.n_groups,
                shares=() if shares is None else tuple(shares.tolist()),
                deviation=part.deviation,
                deviation_at=part.deviation_at,
            )
        )
    return lines


def _class_shares(samples: Samples, rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Share of each class of the main target among rows with a label, shape (C,)."""
    if samples.task is None:
        return None
    head = samples.task.main_target
    labels = samples.target_labels(head.name)[rows]
    if head.is_multi:
        counts, n = (labels == 1).sum(axis=0).astype(np.float64), max(1, int((labels >= 0).any(axis=1).sum()))
    else:
        known = labels[labels >= 0]
        counts, n = np.bincount(known, minlength=head.n_classes).astype(np.float64), max(1, len(known))
    return np.asarray(counts / n)
