"""What `podium tta` does: predict out of fold under every view, and keep the views that help as those of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.advice import call
from podium.data.view_frames import expand_views, parts_of
from podium.decisions import ViewChoice, choose_views, judged_answers, nested_probs
from podium.decisions.choose_views import JudgedViews, score_views
from podium.errors import Stopped, UnknownNameError, UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings
from podium.metrics import PairedDifference, Scores, fitting_metrics, number_groups, paired_difference
from podium.metrics import metric as find_metric
from podium.predicting.mean_over_views import mean_over_views
from podium.predicting.predict_views import PLAIN, ViewPredictions, predict_views
from podium.predicting.run_rules import load_rules
from podium.recipe import Recipe, load_recipe
from podium.recipe.image_spec import ImageSpec
from podium.store import RunFolder, check_scores, load_tables, read_pool, refuse_ensemble, weights_of
from podium.tables import Predictions, Samples, Task

__all__ = ["DEFAULT_VIEWS", "TtaAudit", "ViewLine", "audit_tta"]

DEFAULT_VIEWS = ("hflip", "vflip", "rot90", "rot180", "rot270", "scale-0.9", "scale-1.1", "five-0.8")
"""Views that are audited where none are named."""
_ROUNDS = 8


@dataclass(frozen=True)
class ViewLine:
    """What one view does.

    Args:
        view: Its name.
        passes: Forward passes an image takes in this view.
        images_per_s: Measured on some of the images with one fold's model; None where it was not.
        score: Out-of-fold score of this view alone.
        alone: That minus the score of the plain view.
        added: The score with it among the views of the run minus that without it.
        is_chosen: Whether it is among the chosen views.
    """

    view: str
    passes: int
    images_per_s: float | None
    score: float
    alone: PairedDifference | None
    added: PairedDifference | None
    is_chosen: bool

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        alone, added = (None if one is None else one.to_dict() for one in (self.alone, self.added))
        return self.__dict__ | {"alone": alone, "added": added}


@dataclass(frozen=True)
class TtaAudit:
    """What `audit_tta` found. All scores are out of fold.

    Args:
        run: Name of the run.
        target: What was judged.
        metric: By what.
        n: Answers.
        n_groups: Groups of them.
        level: At which all intervals of a column hold together.
        before: Views that the run's recipe names.
        score: Their score.
        lines: Every view, the plain one first.
        choice: Views that were chosen, and those without each fold.
        gain: What choosing is worth: each fold by the views that were chosen without it, minus `score`.
        gains: The same for every other target.
        follow: Whether predictions use the chosen views from now on.
        stored_px: Height and width of the decoded images, where others than the recipe's were asked for.
        notes: What the user should know besides.
    """

    run: str
    target: str
    metric: str
    n: int
    n_groups: int
    level: float
    before: tuple[str, ...]
    score: float
    lines: tuple[ViewLine, ...]
    choice: ViewChoice
    gain: PairedDifference
    gains: Mapping[str, PairedDifference]
    follow: bool
    stored_px: tuple[int, int] | None
    notes: tuple[str, ...]

    @property
    def views(self) -> tuple[str, ...]:
        """The views that predictions use from now on."""
        return self.choice.views if self.follow else self.before

    @property
    def harmful(self) -> list[str]:
        """Views that clearly lower the score."""
        return [line.view for line in self.lines if line.added is not None and line.added.verdict == "hurts"]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return self.__dict__ | {
            "before": list(self.before),
            "lines": [line.to_dict() for line in self.lines],
            "choice": {
                "views": list(self.choice.views),
                "by_fold": {str(fold): list(views) for fold, views in self.choice.by_fold.items()},
            },
            "gain": self.gain.to_dict(),
            "gains": {name: one.to_dict() for name, one in self.gains.items()},
            "harmful": self.harmful,
            "stored_px": None if self.stored_px is None else list(self.stored_px),
            "notes": list(self.notes),
        }


def audit_tta(
    run: RunFolder,
    settings: Settings,
    progress: Progress,
    *,
    views: Sequence[str] = DEFAULT_VIEWS,
    metric: str | None = None,
    level: float = 0.9,
    stored_px: int | None = None,
    apply: bool = True,
) -> TtaAudit:
    """Measure test-time views out of fold, choose a set, and keep it as the run's.

    Predictions of every fold and view stay in the run folder: a second call, or one after a kill, makes only those that
    are missing or that other weights made.

    Args:
        run: A finished run with models of its own.
        settings: Machine and places.
        progress: Receives progress and notes.
        views: Views, or words for several (`VIEW_SETS`).
        metric: Choose by this metric; None takes the run's.
        level: Confidence level of all intervals, and of the steps of the choice.
        stored_px: Longer side of the decoded images that all views are cut from; None takes the recipe's.
        apply: Whether predictions use what was chosen.

    Raises:
        UsageError: If the run is not finished or is an ensemble, or a view cuts pieces that are too small.
        UnknownNameError: If there is no such view or metric.
        ImageError: If the images are gone, or are others than at the start.
    """
    if not 0.5 <= level < 1:
        raise UsageError(f"the level is {level:g}; it must be at least 0.5 and below 1.", field="level")
    candidates = expand_views(list(views))
    refuse_ensemble(run, "An audit of views")
    check_scores(run)
    recipe, samples = load_recipe(run.recipe_file), load_tables(run)[0]
    before = tuple(map(str, recipe.predict_views))
    every = tuple(dict.fromkeys([PLAIN, *before, *candidates]))
    stored = None if stored_px is None else _enlarge(recipe.image, stored_px)
    try:
        made = predict_views(run, every, settings, progress, stored_px=stored)
    except Stopped as stopped:
        stopped.fix = f"Go on with {call(f'podium.load_run({run.name!r}).audit_tta')} and the same options."
        raise
    as_it_is = made if stored is None else predict_views(run, before, settings, progress)
    scores = Scores.from_dict(durable.read_json(run.scores_file))
    answers, now = _Answers(made, recipe, samples, run), _Answers(as_it_is, recipe, samples, run)
    judged = answers.judged(scores.main_target, metric or scores.main_metric)
    choice = choose_views(judged, before, [view for view in every if view not in before], level=level)
    gain = _gain(now, judged, choice, before, level)
    sign = 1 if judged.metric.greater_is_better else -1
    is_new = choice.views != before
    audit = TtaAudit(
        run.name,
        judged.head.name,
        judged.metric.name,
        len(judged.fold),
        number_groups(judged.groups)[1],
        level,
        before,
        score_views(now.judged(judged.head.name, judged.metric.name), before),
        _lines(judged, made, every, before, choice, level),
        choice,
        gain,
        {
            head.name: _gain(now, answers.judged(head.name, scores.metric_of(head.name)), choice, before, level)
            for head in made.task.targets
            if is_new and head.name != judged.head.name
        },
        apply and is_new and bool(choice.by_fold) and sign * gain.difference.value > 0,
        stored,
        (),
    )
    audit = replace(audit, notes=tuple(_notes(run, audit, made.task, is_new=is_new, apply=apply)))
    _write(run, audit, apply=apply)
    return audit


def _enlarge(image: ImageSpec, longer_px: int) -> tuple[int, int]:
    height, width = image.stored_sides
    if longer_px < max(height, width):
        what = f"the recipe stores images of {height} x {width} pixels, which is not less than {longer_px}."
        raise UsageError(what, field="stored_px", fix="Leave it out, or name a larger side.")
    factor = longer_px / max(height, width)
    return round(height * factor), round(width * factor)


def _write(run: RunFolder, audit: TtaAudit, *, apply: bool) -> None:
    from podium.report import make_report

    if not apply and run.views_file.is_file():
        return  # what was decided before stays
    chosen = {"follow": audit.follow, "views": list(audit.views), "stored_px": audit.to_dict()["stored_px"]}
    weights = weights_of(run, run.read()["folds"])
    durable.write_sealed(run.views_file, audit.to_dict() | {"chosen": chosen, "made_from": {"weights": weights}})
    with durable.hold_lock(run.path):
        make_report(run)


class _Answers:
    """Out-of-fold answers of the mean over any views."""

    def __init__(self, made: ViewPredictions, recipe: Recipe, samples: Samples, run: RunFolder) -> None:
        self._made, self._samples, self._pool = made, samples, read_pool(run)
        self._arrangement = recipe.model.arrangement
        self.of = lru_cache(maxsize=2 * _ROUNDS)(self._of)

    def _of(self, views: tuple[str, ...]) -> tuple[Predictions, Samples]:
        whole = mean_over_views(self._made.by_view, views, self._arrangement)
        return judged_answers(whole, self._samples, self._pool)

    def judged(self, target: str, metric: str) -> JudgedViews:
        """Answers of a target."""
        predictions, units = self.of((next(iter(self._made.by_view)),))
        rows = units.rows_of(predictions.ids)
        head = next(head for head in predictions.task.targets if head.name == target)
        chosen = find_metric(metric)
        if not chosen.fits(head):
            raise UnknownNameError("metric", metric, fitting_metrics(head), field="metric")
        return JudgedViews(
            lambda views: self.of(views)[0].probs[target],
            units.target_labels(target)[rows],
            units.group_keys[rows],
            predictions.fold,
            chosen,
            head,
        )


def _gain(
    now: _Answers, judged: JudgedViews, choice: ViewChoice, before: tuple[str, ...], level: float
) -> PairedDifference:
    """What choosing is worth in comparison with the run as it is."""
    return paired_difference(
        now.of(before)[0].probs[judged.head.name],
        nested_probs(judged, choice),
        judged.labels,
        judged.groups,
        judged.metric,
        judged.head,
        level=level,
    )


def _lines(
    judged: JudgedViews,
    made: ViewPredictions,
    every: Sequence[str],
    before: tuple[str, ...],
    choice: ViewChoice,
    level: float,
) -> tuple[ViewLine, ...]:
    rows = np.ones(len(judged.fold), dtype=bool)
    others = [view for view in every if view != PLAIN]
    if not others:
        return ()
    how: dict[str, Any] = {"level": level, "n_resamples": 2000}
    alone = judged.differences((PLAIN,), [(view,) for view in others], rows, **how)
    added = dict(zip(every, _added(judged, every, before, rows, how), strict=True))
    by_view = dict(zip(others, alone, strict=True))
    return tuple(
        ViewLine(
            view,
            len(parts_of(view).frames),
            made.images_per_s.get(view),
            score_views(judged, (view,)),
            by_view.get(view),
            added[view],
            view in choice.views,
        )
        for view in every
    )


def _added(
    judged: JudgedViews, every: Sequence[str], before: tuple[str, ...], rows: NDArray[np.bool_], how: Mapping[str, Any]
) -> list[PairedDifference | None]:
    """The views of the run with a view minus those without it; None for the only one that there is."""
    sets = [tuple(one for one in before if one != view) if view in before else (*before, view) for view in every]
    is_there = [bool(one) for one in sets]
    found = iter(judged.differences(before, [one for one in sets if one], rows, **how))
    differences = [next(found) if there else None for there in is_there]
    return [
        None if one is None else _negated(one) if view in before else one
        for view, one in zip(every, differences, strict=True)
    ]


def _negated(one: PairedDifference) -> PairedDifference:
    turned = {"helps": "hurts", "hurts": "helps"}.get(one.verdict, one.verdict)
    interval = one.difference
    difference = replace(interval, value=-interval.value, low=-interval.high, high=-interval.low)
    return replace(one, difference=difference, verdict=turned)  # type: ignore[arg-type]


def _notes(run: RunFolder, audit: TtaAudit, task: Task, *, is_new: bool, apply: bool) -> list[str]:
    notes = []
    if not audit.choice.by_fold:
        notes.append("The run has one fold, so nothing tells what the choice is worth elsewhere: it is not followed.")
    elif is_new and apply and not audit.follow:
        notes.append("The choice does not pay on folds that it has not seen: it is not followed.")
    least = 2.0 ** (1 - audit.n_groups)
    if least > 1 - audit.level:
        notes.append(f"{count_of(audit.n_groups, 'group')}: so few may all agree by chance. No verdict is given.")
    if audit.follow and load_rules(run, task).thresholds:
        notes.append("The thresholds of the run were set on other views: set them again with `podium decide`.")
    return notes
