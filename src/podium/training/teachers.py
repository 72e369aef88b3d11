"""The runs that a recipe names as teachers: found, checked, and known again by their digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from pathlib import Path

from podium import durable
from podium.advice import call, option, options
from podium.errors import UsageError
from podium.listing import list_some
from podium.machine import Caution, Progress
from podium.recipe import Recipe, load_recipe
from podium.store import RunFolder, find_run, load_tables, weights_of
from podium.tables import HOLDOUT, Folds, Task

__all__ = ["check_teachers", "digest_teachers", "find_teachers", "open_teachers", "settle_teachers"]

_KEY = "distill.teacher"


def find_teachers(recipe: Recipe, runs: Path) -> list[RunFolder]:
    """The teachers of a recipe, by name or folder.

    Raises:
        UsageError: If one does not exist.
    """
    return [find_run(runs, name) for name in recipe.distill.teacher]


def check_teachers(recipe: Recipe, task: Task, runs: Path) -> None:
    """Raise where a teacher cannot teach this task, before anything is decoded.

    Raises:
        UsageError: If a run does not exist, is not finished, or answers other targets or classes.
    """
    for teacher in find_teachers(recipe, runs):
        if teacher.folds_left() or not teacher.is_finished:
            raise UsageError(
                f"{_KEY}: run {teacher.name!r} is not finished.",
                fix=f"Continue it with {call('podium.resume', teacher.name)}.",
            )
        theirs = load_tables(teacher)[0].task
        if theirs != task:
            ours = [str(head) for head in task.targets]
            found = [str(head) for head in theirs.targets] if theirs else []
            raise UsageError(
                f"{_KEY}: run {teacher.name!r} answers {list_some(found)}, and this one learns {list_some(ours)}.",
                fix="Name a run with the same targets and classes, in the same order.",
            )


def settle_teachers(recipe: Recipe, folds: Folds, chosen: Collection[int], runs: Path, progress: Progress) -> Recipe:
    """The recipe with the names and the digest of its teachers, checked against the folds of the new run.

    Args:
        recipe: A recipe that `check_teachers` let through.
        folds: The new run's folds.
        chosen: Those of them that are trained.
        runs: Folder of all runs.
        progress: Receives a caution where a teacher chose its epochs on what is judged.

    Raises:
        UsageError: If a teacher has other folds, lacks one, or is not the one that the recipe was settled with.
    """
    if not recipe.distill.teacher:
        return recipe
    teachers = find_teachers(recipe, runs)
    for teacher in teachers:
        _check_folds(teacher, folds, chosen)
        training = load_recipe(teacher.recipe_file).training
        if training.select == "best":
            progress.note(
                Caution(
                    f"Teacher {teacher.name!r} chose its epochs on the images that judge this run, so the score is a"
                    " little too good."
                )
            )
    digest = digest_teachers(teachers)
    if recipe.distill.teacher_sha256 not in ("auto", digest):
        raise _other_teacher(recipe)
    names = tuple(_name_of(teacher, runs) for teacher in teachers)
    distill = recipe.distill.model_copy(update={"teacher": names, "teacher_sha256": digest})
    return recipe.model_copy(update={"distill": distill})


def open_teachers(recipe: Recipe, runs: Path) -> list[RunFolder]:
    """The teachers of a settled recipe, as they were at the start.

    Raises:
        UsageError: If one is gone or was changed since.
    """
    teachers = find_teachers(recipe, runs)
    if digest_teachers(teachers) != recipe.distill.teacher_sha256:
        raise _other_teacher(recipe)
    return teachers


def digest_teachers(teachers: Collection[RunFolder]) -> str:
    """SHA-256 of the weights, the recipe and the folds of these runs, whatever their order and names."""
    facts = []
    for run in teachers:
        record = run.read()
        backbone = run.backbone_folder / "model.json"
        facts.append(
            {
                "weights": weights_of(run, record["folds"]),
                "backbone": durable.read_json(backbone)["sha256"] if backbone.is_file() else None,
                "recipe": load_recipe(run.recipe_file).model_dump(mode="json"),
                "folds": load_tables(run)[1].digest,
            }
        )
    text = json.dumps(sorted(json.dumps(fact, sort_keys=True) for fact in facts))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_folds(teacher: RunFolder, folds: Folds, chosen: Collection[int]) -> None:
    theirs = load_tables(teacher)[1]
    if theirs.digest != folds.digest and _judged(theirs) == _judged(folds):
        raise UsageError(
            f"{_KEY}: run {teacher.name!r} is judged on the same folds, but other images only train there: extra data"
            " or pseudo-labels that one of both lacks, so it has no answer fold by fold for all that is learnt here.",
            fix=f"Train teacher and student with the same {option('extra')}, or neither.",
        )
    if theirs.digest != folds.digest:
        raise UsageError(
            f"{_KEY}: run {teacher.name!r} has other folds, so its models have seen images that judge this run.",
            fix=f"Take its folds with {options(folds_from=str(teacher.path))}.",
        )
    lacking = sorted(set(chosen) - set(teacher.read()["folds"]))
    if lacking:
        raise UsageError(
            f"{_KEY}: run {teacher.name!r} has no model of fold {lacking[0]}.",
            fix=f"Train it there too, or train only folds of it with {option('only_folds')}.",
        )


def _judged(folds: Folds) -> dict[str, int]:
    """The fold, or the holdout, of every image that judges."""
    judges = (folds.fold >= 0) | (folds.fold == HOLDOUT)
    return dict(zip(folds.ids[judges].tolist(), folds.fold[judges].tolist(), strict=True))


def _other_teacher(recipe: Recipe) -> UsageError:
    names = ", ".join(recipe.distill.teacher)
    return UsageError(
        f"{_KEY}: {names} has other weights now than distill.teacher_sha256 says.",
        fix="Restore that run, or start a new one with distill.teacher_sha256=auto.",
    )


def _name_of(teacher: RunFolder, runs: Path) -> str:
    is_here = teacher.path.resolve().parent == runs.resolve()
    return teacher.name if is_here else str(teacher.path.resolve())
