"""A training from the first check to the report, and one that goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from podium.arguments import strict_arguments
from podium.callbacks import Callback, Callbacks, RunInfo
from podium.crossval.minutes import TimeBudget, check_length_is_open
from podium.dataset import FoldOptions
from podium.dataset.extra import Extra
from podium.dataset.option_homes import option_homes
from podium.dataset.prepared import Prepared
from podium.errors import RecipeError, UsageError
from podium.machine import Caution, Progress, Settings, default_progress
from podium.machine.memory import warn_of_scarce_memory
from podium.machine.place_in_team import place_in_team
from podium.machine.tuning import restored_torch
from podium.store import RunFolder, find_run, list_differences, refuse_ensemble
from podium.trackers.follow import following
from podium.trackers.registry import read_names
from podium.trackers.remember import remember_trackers
from podium.workflows.compose import compose_recipe
from podium.workflows.prepare import Data, fold_options, open_data
from podium.workflows.run import Run
from podium.workflows.teamed import check_team, teamed

if TYPE_CHECKING:
    from podium.curate import Scan, ScanOptions
    from podium.recipe import Overrides, Recipe
    from podium.testing.given_metric import GivenMetric
    from podium.workflows.compose import Teachers

__all__ = ["Start", "finish", "resume", "start_and_finish", "train"]


@strict_arguments(option_homes)
@teamed
def train(
    data: Data,
    *,
    preset: str | None = None,
    recipe: Recipe | str | Path | None = None,
    overrides: Overrides | None = (),
    metric: GivenMetric | None = None,
    seed: int | None = None,
    teacher: Teachers | None = None,
    hierarchy: str | Path | None = None,
    minutes: float | None = None,
    folds: int | FoldOptions | None = None,
    only_folds: Collection[int] | None = None,
    options: ScanOptions | None = None,
    extra: Mapping[str, Extra] | None = None,
    extra_drop: Mapping[str, Sequence[str]] | None = None,
    name: str | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
    callbacks: Sequence[Callback] = (),
    track: str | Iterable[str] | None = None,
) -> Run:
    """Cross-validate a recipe: decode, split, check for leaks, train, score, report.

    Args:
        data: A folder, a table, a saved scan, samples, or prepared data.
        preset: "baseline", "quick", "finetune", "strong", "contest-f" or "contest-l"; None is "baseline", or with
            `minutes` whatever they allow.
        recipe: A recipe, or a recipe file, to start from instead of a preset.
        overrides: Recipe keys to change: {"training.epochs": 12}, or lines such as ["training.epochs=12"].
        metric: Primary metric (default: macro F1; macro average precision for multi-label): a name, or a function of
            y_true and y_pred or y_score as in scikit-learn, which is checked and known by its name from then on.
        seed: Random seed of training.
        teacher: Finished runs, by name, folder or as a `Run`, whose answers are learnt beside the labels
            (distillation), on the same folds; short for overrides={"distill.teacher": ...}.
        hierarchy: A table with the columns `class` and `parent`; parent classes are learnt too, with the weight
            loss.parent_weight.
        minutes: Minutes after which all is done, from now. The epochs are planned from measured speed and recorded in
            the recipe. Without preset and recipe, `baseline` comes first, as a run of its own, then the best presets
            that there is time for on the same folds, then the ensemble of all, which is given; `name` is its name.
        folds: Number of folds (default: 5), or `FoldOptions`.
        only_folds: Folds to train now; None trains all.
        options: How to read a folder or table.
        extra: Data that only train and are never judged, by name, with a weight of their images: {"web": ("photos",
            0.5)}. An image that is like a judged one does not train in its fold.
        extra_drop: Classes of extra data to leave out, by name; "*" for all that the task does not have.
        name: Name of the run; None takes the preset's name and the next free number.
        settings: Folders, device and limits.
        progress: Receives progress and notes.
        callbacks: Follow the run, see `podium.Callback`.
        track: Trackers that are told of the run: "tensorboard", "wandb", "mlflow", or several. The run remembers them.
            One that fails or hangs is left out, the training stays as it is.

    Returns:
        The finished run.

    Raises:
        UsageError: If an option, name or recipe is wrong, or the minutes have no time for one epoch.
        DataError: If the data cannot be used, or the folds leak.
        Stopped: If a signal asked for it; `resume` goes on exactly.

    Example:
        run = podium.train("data/train", preset="baseline", folds=5)
        run.scores.main
    """
    settings, progress = settings or Settings(), progress or default_progress()
    _check_callbacks(callbacks, settings)
    _check_clusters(settings)
    warn_of_scarce_memory(progress)
    compose = partial(
        compose_recipe,
        recipe=recipe,
        overrides=overrides,
        metric=metric,
        seed=seed,
        teacher=teacher,
        hierarchy=hierarchy,
    )
    how = Start(fold_options(folds), only_folds, name, settings, progress, tuple(callbacks), read_names(track))
    read = partial(open_data, data, options, folds, extra=extra, extra_drop=extra_drop)
    wanted = compose(preset or "baseline")  # an error of it comes before any data is read
    check_team(wanted, minutes=minutes)
    if minutes is None:
        return start_and_finish(read(), wanted, how)
    from podium.workflows.train_in_minutes import train_in_minutes

    budget = TimeBudget(minutes)
    if wanted.distill.teacher:
        raise UsageError(
            "the plan does not know how long a teacher takes to answer.",
            field="minutes",
            fix="Give training.epochs, or leave distill.teacher out.",
        )
    if wanted.training.compile == "inductor":
        raise UsageError(
            "the plan does not know how long torch compiles.",
            field="minutes",
            fix="Give training.epochs, or leave training.compile out.",
        )
    if wanted.training.soup_choice == "greedy":
        raise UsageError(
            "the plan does not know how long a greedy soup takes to choose.",
            field="minutes",
            fix="Give training.epochs, or set training.soup_choice=uniform.",
        )
    check_length_is_open(overrides)
    opened = read()
    if preset is not None or recipe is not None:
        return start_and_finish(opened, wanted, how, budget=budget)
    return train_in_minutes(opened, compose, how, budget)


@dataclass(frozen=True)
class Start:
    """How a training is started, beside data and recipe; see `train`."""

    folds: FoldOptions
    only_folds: Collection[int] | None
    name: str | None
    settings: Settings
    progress: Progress
    callbacks: tuple[Callback, ...] = ()
    track: tuple[str, ...] = ()


def start_and_finish(opened: Scan | Prepared, recipe: Recipe, how: Start, *, budget: TimeBudget | None = None) -> Run:
    """One run from its first check to its report.

    Args:
        opened: The data.
        recipe: The recipe, "auto" allowed.
        how: Everything else.
        budget: Minutes in which it is to end; None takes the recipe's epochs.
    """
    for note in opened.notes:
        how.progress.note(note)
    from podium.crossval.start_run import start_run  # imports torch, for which wrong options and data need not wait

    with restored_torch():
        folder = start_run(
            opened if isinstance(opened, Prepared) else opened.samples,
            recipe,
            how.folds,
            how.settings,
            how.progress,
            name=how.name,
            only_folds=how.only_folds,
            notes=opened.notes,
            spare=None if isinstance(opened, Prepared) else opened.spare,
            budget=budget,
        )
    return finish(folder, how.settings, how.progress, how.callbacks, track=how.track)


@strict_arguments()
@teamed
def resume(
    run: str = "last",
    *,
    recipe: Recipe | None = None,
    only_folds: Collection[int] | None = None,
    root: str | Path | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
    callbacks: Sequence[Callback] = (),
    track: str | Iterable[str] | None = None,
) -> Run:
    """Continue a run that was stopped or killed, or that other processes train; a finished one is only scored again.

    A step of a plan for `minutes` is finished, and then the plan goes on; gives its answer.

    Args:
        run: The run's name, folder, or "last".
        recipe: The recipe you expect; refused if it is not the run's.
        only_folds: Folds to train now, besides those that are done; None trains all that the run was asked for. Other
            processes may train other folds of the run meanwhile, and the last of them scores it.
        root: The folder where the images are now; the run remembers it.
        settings: Device and folders.
        progress: Receives progress and notes.
        callbacks: Follow the run, see `podium.Callback`.
        track: Trackers to tell besides those that the run was started with; "none" tells none from here on.

    Raises:
        RecipeError: If the recipe is another one; shows the difference.
        SplitError: If there is no such fold.
        ImageError: If the images are gone, or are others than at the start.
    """
    settings, progress = settings or Settings(), progress or default_progress()
    _check_callbacks(callbacks, settings)
    names = read_names(track)
    _check_clusters(settings)
    warn_of_scarce_memory(progress)
    folder = find_run(settings.runs, run)
    refuse_ensemble(folder, "A training")
    if recipe is not None:
        _check_same_recipe(folder, recipe)
    if place_in_team() is not None:
        from podium.recipe import load_recipe

        check_team(load_recipe(folder.recipe_file))
    from podium.workflows.train_in_minutes import go_on

    done = finish(folder, settings, progress, callbacks, only_folds=only_folds or (), root=root, track=names)
    return go_on(done, Start(FoldOptions(), None, None, settings, progress, tuple(callbacks), names))


def _check_same_recipe(folder: RunFolder, recipe: Recipe) -> None:
    from podium.recipe import load_recipe

    old, new = load_recipe(folder.recipe_file).model_dump(mode="json"), recipe.model_dump(mode="json")
    differences = [line for line in list_differences(old, new) if not line.endswith("-> auto")]
    if differences:
        raise RecipeError(
            f"run {folder.name!r} was made with a different recipe.",
            where=folder.recipe_file,
            fix="Resume without recipe options, or start a new run.",
            details=differences,
        )


def finish(
    folder: RunFolder,
    settings: Settings,
    progress: Progress,
    callbacks: Sequence[Callback],
    *,
    only_folds: Collection[int] = (),
    root: str | Path | None = None,
    track: Sequence[str] = (),
) -> Run:
    """Train and score what a run folder still lacks.

    Args:
        folder: The run folder.
        settings: Machine and places.
        progress: Receives progress and notes.
        callbacks: Follow the run.
        only_folds: Folds to train now; empty trains all that it was asked for.
        root: The folder where the images are now.
        track: Trackers to tell, besides those that the run remembers.
    """
    from podium.crossval.carry_on import carry_on

    def report(line: str) -> None:
        progress.note(Caution(line))

    place = place_in_team()
    names = remember_trackers(folder, track) if place is None or place.leads else ()
    with following(names, folder, report, progress.note) as trackers:
        followers = Callbacks([*callbacks, *trackers], report)
        about = describe_run(folder) if followers else None
        followers.emit("on_run_start", about)
        is_finished = carry_on(
            folder,
            settings,
            progress,
            only_folds=only_folds,
            root=None if root is None else Path(root),
            callbacks=followers,
        )
        if followers and is_finished:
            followers.emit("on_run_end", about, Run(folder, settings).scores.to_dict())
    return Run(folder, settings)


def _check_clusters(settings: Settings) -> None:
    """What is wrong with the wishes for SLURM or Ray is told before anything is read."""
    if settings.slurm:
        from podium.launch.cluster_jobs import check_words

        check_words(settings.slurm)
    if settings.ray:
        from podium.launch.ray_tasks import check_ray

        check_ray()


def _check_callbacks(callbacks: Sequence[Callback], settings: Settings) -> None:
    if callbacks and (settings.processes > 1 or settings.slurm or settings.ray):
        raise UsageError(
            "callbacks follow trainings in this process only; use one process.",
            field="slurm" if settings.slurm else "processes",
        )


def describe_run(folder: RunFolder) -> RunInfo:
    """What callbacks receive about a run."""
    from podium.recipe import load_recipe

    recipe = load_recipe(folder.recipe_file).model_dump(mode="json")
    return RunInfo(folder.name, folder.path, MappingProxyType(recipe), tuple(folder.read()["folds"]))
