"""The best answer that there is time for: a baseline, whose score stands whatever comes, then what the time allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from podium.crossval.minutes import TimeBudget
from podium.dataset.prepared import load_prepared
from podium.errors import RecipeError, UsageError
from podium.machine import Progress
from podium.metric_words import metric_words
from podium.store import RunFolder, Rung, StepRecord, read_seconds, read_step, steps_after
from podium.workflows.run import Run
from podium.workflows.train_and_resume import Start, finish, start_and_finish

if TYPE_CHECKING:
    from podium.curate import Scan
    from podium.dataset.prepared import Prepared
    from podium.recipe import Recipe

__all__ = ["go_on", "train_in_minutes"]

LADDER = (("strong", 20), ("finetune", 8), ("quick", 3))
"""Presets to try, the best first, and the epochs below which the next is the better use of the time: their own."""
CORNERS = ("top-left-0.875", "bottom-right-0.875")
"""Parts of an image that `crops` learns from, and predicts with, beside the whole."""
WIDE_NETWORK, WIDE_PX = "tf_efficientnet_lite2", 260
CROPS_SHARE, WIDE_SHARE = 0.8, 0.5
"""Shares of the seconds that are left which `crops`, and then `wide`, may take."""
WORTH_A_STEP = 0.25
"""Share of the minutes that must be left for another step: less buys no schedule worth its start."""
ANSWER_S, ANSWER_S_PER_SAMPLE = 6.0, 1e-3
"""The ensemble at the end: weights, comparisons, scores and report."""


def train_in_minutes(opened: Scan | Prepared, compose: Callable[[str], Recipe], how: Start, budget: TimeBudget) -> Run:
    """Train `baseline`, then the best presets that there is time for on the same folds; gives the ensemble of all.

    Every step is a run of its own, whose epochs are planned for the time that is left. `crops` is `baseline` again on
    more views of every image, `wide` with a larger network and larger images, where the user left them open. The
    ensemble is written last,
    as a run like any other, so it is "last"; where only `baseline` stands, that is the answer.

    Args:
        opened: The data.
        compose: Name of a preset -> recipe, with the user's changes.
        how: Everything else; the answer has its name, and the steps continue it by their preset's.
        budget: The minutes.

    Raises:
        UsageError: If there is no time for `baseline`; says what there is time for.
    """
    ladder = tuple(_compose_ladder(compose, how))  # refused before any work
    step = StepRecord(budget.minutes, budget.used_s, how.name, ladder=ladder)
    names = ", ".join(rung.name for rung in ladder)
    how.progress.note(
        f"Plan for {budget.minutes:g} minutes: baseline, then what there is time for of {names}, then their ensemble."
    )
    first = start_and_finish(opened, compose("baseline"), _named(how, "baseline"), budget=replace(budget, step=step))
    return _climb(first, [], how, budget)


def go_on(run: Run, how: Start) -> Run:
    """Go on with the plan that a resumed run is a step of; gives the run itself where it is in none, or all is done.

    Args:
        run: A run that `finish` has finished, as far as it was asked for.
        how: Machine and followers.
    """
    step = read_step(run.folder)
    if step is None or not run.folder.is_finished:
        return run
    first = run.folder if step.first is None else RunFolder(run.folder.path.parent / step.first)
    if not first.run_file.is_file():
        return run
    later = steps_after(first)
    if any(one.is_ensemble for one in later):
        return run
    done = [finish(one, how.settings, how.progress, how.callbacks, track=how.track) for one in later]
    if not all(one.folder.is_finished for one in done):  # other processes have folds of it
        return run
    known = read_step(first)
    assert known is not None, "the first step has the plan"
    how = replace(how, name=known.name)
    budget = TimeBudget(known.minutes, spent_s=_seconds_used([first, *later]))
    return _climb(Run(first, how.settings), done, how, budget)


def _seconds_used(runs: Sequence[RunFolder]) -> float:
    """Seconds of a plan that were used when its last step was stopped: those before it, and those of its epochs."""
    step = read_step(runs[-1])
    assert step is not None, "every run of a plan is a step"
    return step.used_s + sum(read_seconds(runs[-1]).values())


def _climb(first: Run, done: list[Run], how: Start, budget: TimeBudget) -> Run:
    """Train what there is time for, from the rung below the last one, and answer."""
    known = read_step(first.folder)
    assert known is not None, "the first step has the plan"
    steps = [read_step(one.folder) for one in done]
    tried = [step.rung for step in steps if step is not None]
    _tell_score(how.progress, first, budget)
    for rung in known.ladder[_place_after(known.ladder, tried) :]:
        if budget.seconds_left < WORTH_A_STEP * 60 * budget.minutes:
            break
        run = _try(first, rung, how, budget)
        if run is not None:
            done.append(run)
            _tell_score(how.progress, run, budget)
    return _answer(first, done, how, budget)


def _place_after(ladder: Sequence[Rung], tried: Sequence[str | None]) -> int:
    return max((place + 1 for place, rung in enumerate(ladder) if rung.name in tried), default=0)


def _answer(first: Run, done: Sequence[Run], how: Start, budget: TimeBudget) -> Run:
    if not done:
        _tell_time(how.progress, first, budget)
        return first
    from podium.workflows.mix_steps import mix_steps

    step = StepRecord(budget.minutes, budget.used_s, how.name, first.name)
    answer = mix_steps([run.folder for run in (first, *done)], step, how.settings, how.progress)
    _tell_time(how.progress, answer, budget)
    return answer


def _tell_score(progress: Progress, run: Run, budget: TimeBudget) -> None:
    left, scores = max(budget.seconds_left, 0.0) / 60, run.scores
    score = f"{metric_words(scores.main_metric)} {scores.main}"
    progress.note(f"{run.name}: {score}; {left:.1f} of {budget.minutes:g} minutes are left.")


def _tell_time(progress: Progress, answer: Run, budget: TimeBudget) -> None:
    progress.note(f"{answer.name} stands after {budget.used_s / 60:.1f} of {budget.minutes:g} minutes.")


def _compose_ladder(compose: Callable[[str], Recipe], how: Start) -> Iterator[Rung]:
    """Every rung. Changes that `strong` cannot take leave it out."""
    usual = compose("baseline")
    for name, share, recipe in (
        ("crops", CROPS_SHARE, _add_crops(usual)),
        ("wide", WIDE_SHARE, _widen(usual)),
    ):
        if recipe is not None:
            yield Rung(name, 1, share, recipe.model_dump(mode="json"))
    for preset, least_epochs in LADDER:
        try:
            yield Rung(preset, least_epochs, 1.0, compose(preset).model_dump(mode="json"))
        except RecipeError as problem:
            if preset != "strong":
                raise
            how.progress.note(f"Not trained, {preset}: {problem.what}")


def _add_crops(recipe: Recipe) -> Recipe | None:
    """The recipe with corners of every view besides; None where the user chose parts of the images already."""
    from podium.data.view_frames import least_share
    from podium.recipe.preset_names import name_changed

    views = {"feature_views": recipe.feature_views, "predict_views": recipe.predict_views}
    if not CORNERS or any(least_share(view) != 1 for view in recipe.feature_views):
        return None
    more = {key: (*own, *(_join(view, part) for part in CORNERS for view in own)) for key, own in views.items()}
    return name_changed(recipe.model_copy(update=more))


def _join(view: str, part: str) -> str:
    return part if view == "plain" else f"{view}+{part}"


def _widen(recipe: Recipe) -> Recipe | None:
    """The recipe with a larger network and larger images; None where the user chose one of them."""
    from podium.recipe import apply_overrides, find_preset
    from podium.recipe.preset_names import name_changed

    usual = find_preset("baseline")
    if (recipe.model.name, recipe.model.weights, recipe.image) != (usual.model.name, usual.model.weights, usual.image):
        return None
    return name_changed(apply_overrides(recipe, {"model.name": WIDE_NETWORK, "image.size_px": WIDE_PX}))


def _try(first: Run, rung: Rung, how: Start, budget: TimeBudget) -> Run | None:
    """A run on the folds of the first; None, with a note, where it cannot be trained in time or not at all."""
    from podium.crossval.foresee import check_time, has_other_size
    from podium.recipe import Recipe, load_recipe

    prepared, recipe = replace(load_prepared(first.folder.path), notes=()), Recipe.model_validate(rung.recipe)
    step = StepRecord(budget.minutes, budget.used_s, first=first.name, rung=rung.name)
    kept_s = ANSWER_S + ANSWER_S_PER_SAMPLE * len(prepared.samples)
    kept_s += (1 - rung.share) * (budget.seconds_left - kept_s)
    wanted = replace(budget, least_epochs=rung.least_epochs, spent_s=budget.spent_s + kept_s, step=step)
    folds = first.folder.read()["folds"]
    own = replace(_named(how, rung.name), only_folds=folds)
    try:
        if has_other_size(recipe, prepared, load_recipe(first.folder.recipe_file)):
            check_time(recipe, prepared, folds, how.settings, wanted)
        return start_and_finish(prepared, recipe, own, budget=wanted)
    except UsageError as problem:  # the first run's score stands
        how.progress.note(f"Not trained, {rung.name}: {problem.what}")
        return None


def _named(how: Start, preset: str) -> Start:
    from podium.dataset import FoldOptions

    folds = how.folds if preset == "baseline" else FoldOptions()  # prepared data have theirs
    return replace(how, name=None if how.name is None else f"{how.name}-{preset}", folds=folds)
