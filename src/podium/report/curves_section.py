"""Loss and score over epochs, a training at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from podium.metric_words import metric_words
from podium.metrics import METRICS
from podium.report.contents import RunContents
from podium.report.section import Section
from podium.store import EpochRow

__all__ = ["CurvePanel", "CurvesSection", "choose_score", "describe_curves"]


@dataclass(frozen=True)
class CurvePanel:
    """One training.

    Args:
        name: Fold and model.
        fold: Its fold.
        model: Its model; "all" where one model answers all targets.
        score_name: The target whose score it is.
        epochs: Epochs trained.
        scores: The score after each epoch; nan where there is none.
        train_loss: The train loss of each epoch.
        valid_loss: The valid loss of each epoch; nan where there is none.
        train_scores: The score of a sample of the training images after each epoch; nan where there is none.
        plain_train_loss: The loss of that sample; nan where there is none.
        seconds: How long each epoch took; nan where it is not known.
        last: Score of the last epoch that has one; nan where there is none.
        best: Best score.
        best_epoch: Its epoch; None where no epoch has a score.
    """

    name: str
    fold: int
    model: str
    score_name: str
    epochs: tuple[int, ...]
    scores: tuple[float, ...]
    train_loss: tuple[float, ...]
    valid_loss: tuple[float, ...]
    train_scores: tuple[float, ...]
    plain_train_loss: tuple[float, ...]
    seconds: tuple[float, ...]
    last: float
    best: float
    best_epoch: int | None

    @property
    def best_place(self) -> int | None:
        """Where the best epoch stands among the epochs."""
        return None if self.best_epoch is None else self.epochs.index(self.best_epoch)


@dataclass(frozen=True)
class CurvesSection(Section):
    """All trainings, and what their score is."""

    score_name: str
    panels: tuple[CurvePanel, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The models of a fold."""
        return tuple(dict.fromkeys(panel.model for panel in self.panels))

    @property
    def is_judged(self) -> bool:
        """Whether losses of validation images and scores of training images are known."""
        return any(math.isfinite(value) for panel in self.panels for value in panel.valid_loss)

    def panels_of(self, model: str) -> list[CurvePanel]:
        """The trainings of a model, one a fold."""
        return [panel for panel in self.panels if panel.model == model]


def describe_curves(contents: RunContents) -> CurvesSection | None:
    """The section; None where no epoch is finished."""
    rows = contents.epochs
    if not rows:
        return None
    scores = contents.scores
    target, metric = ("", "") if scores is None else (scores.main_target, scores.main_metric)
    trainings = [list(group) for _, group in groupby(rows, key=lambda row: (row.fold, row.model))]
    has_models = len({row.model for row in rows}) > 1
    names = {training[0].model: choose_score(_names_of(training), target) for training in trainings}
    panels = [
        _make_panel(training, names[training[0].model], has_models=has_models, lower_is_better=_is_error(metric))
        for training in trainings
    ]
    shown = "each model's own score" if has_models else _score_words(panels[0].score_name, target, metric)
    return CurvesSection(shown, tuple(panels))


def _score_words(name: str, target: str, metric: str) -> str:
    """What a score in the journal is; one that goes by its target's name is that target's main metric."""
    return f"{metric_words(metric)} of {target}" if name == target and metric else name


def _names_of(rows: Sequence[EpochRow]) -> list[str]:
    """Names of all scores of a training, in their order."""
    return list(dict.fromkeys(name for row in rows for name in row.scores))


def choose_score(names: Sequence[str], target: str) -> str:
    """The target whose score is drawn: the main one, or the first of a model that lacks it.

    Example:
        >>> choose_score(["age", "class"], "class"), choose_score(["age", "mask"], "class")
        ('class', 'age')
    """
    return target if target in names else next(iter(names), "")


def _is_error(metric: str) -> bool:
    """Whether a metric is better when it is lower."""
    known = METRICS.get(metric)
    return known is not None and not known.greater_is_better


def _make_panel(rows: Sequence[EpochRow], name: str, *, has_models: bool, lower_is_better: bool) -> CurvePanel:
    values = [row.scores.get(name, math.nan) for row in rows]
    finite = [place for place, value in enumerate(values) if math.isfinite(value)]
    best = (min if lower_is_better else max)(finite, key=lambda place: values[place], default=None)
    return CurvePanel(
        name=f"Fold {rows[0].fold}" + (f", {rows[0].model}" if has_models else ""),
        fold=rows[0].fold,
        model=rows[0].model,
        score_name=name,
        epochs=tuple(row.epoch for row in rows),
        scores=tuple(values),
        train_loss=tuple(row.train_loss for row in rows),
        valid_loss=_or_nan(row.valid_loss for row in rows),
        train_scores=_or_nan(row.train_scores.get(name) for row in rows),
        plain_train_loss=_or_nan(row.plain_train_loss for row in rows),
        seconds=_or_nan(row.seconds for row in rows),
        last=values[finite[-1]] if finite else math.nan,
        best=math.nan if best is None else values[best],
        best_epoch=None if best is None else rows[best].epoch,
    )


def _or_nan(values: Iterable[float | None]) -> tuple[float, ...]:
    return tuple(math.nan if value is None else value for value in values)
