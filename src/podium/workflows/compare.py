"""Runs on the same images, compared with the first of them: which are better, where, and what would settle the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from podium import durable
from podium.advice import option, options
from podium.arguments import strict_arguments
from podium.decisions import judged_answers
from podium.errors import UnknownNameError, UsageError
from podium.listing import count_of
from podium.metrics import Arm, Scores, TargetComparison, compare_arms, fitting_metrics
from podium.metrics import metric as find_metric
from podium.metrics.flips import Flip, find_flips
from podium.recipe import Recipe, load_recipe
from podium.store import RunFolder, check_scores, find_run, load_tables, read_pool
from podium.tables import Head, Predictions, Samples, load_predictions
from podium.texttable import Frame
from podium.workflows.unit_column import columns_of_units

__all__ = ["Comparison", "are_comparable", "compare", "compare_folders", "on_shared_images"]


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    Args:
        runs: Names of the runs of each arm, which is called by its first; those of the reference first.
        level: At which all verdicts on a target hold together.
        n_images: Images that all runs were judged on.
        n_left_out: Images that only some of them were judged on.
        targets: One a target, the main one first.
        flips: Per arm but the reference, the answers of the main target that only one of the two has right.
        notes: What the reader should know besides.
        samples: The images, for whoever shows them.
    """

    runs: tuple[tuple[str, ...], ...]
    level: float
    n_images: int
    n_left_out: int
    targets: tuple[TargetComparison, ...]
    flips: dict[str, list[Flip]]
    notes: tuple[str, ...]
    samples: Samples

    @property
    def main(self) -> TargetComparison:
        """The main target."""
        return self.targets[0]

    def to_dict(self, most_flips: int = 20) -> dict[str, Any]:
        """JSON-ready facts, with so many flipped answers an arm."""
        return {
            "runs": [list(names) for names in self.runs],
            "level": self.level,
            "n_images": self.n_images,
            "n_left_out": self.n_left_out,
            "targets": [one.to_dict() for one in self.targets],
            "flips": {name: [flip.to_dict() for flip in found[:most_flips]] for name, found in self.flips.items()},
            "n_flips": {
                name: {"right": (n_right := sum(flip.became_right for flip in found)), "wrong": len(found) - n_right}
                for name, found in self.flips.items()
            },
            "notes": list(self.notes),
        }


@strict_arguments()
def compare(
    *arms: str | Sequence[str],
    runs: str | Path = "runs",
    metric: str | None = None,
    worst_by: str | None = None,
    table: str | Path | Frame | None = None,
    level: float = 0.95,
) -> Comparison:
    """Compare runs with the first one, pair by pair on the images that all of them were judged on, out of fold.

    All verdicts on a target hold together: with many runs each has to differ by more. Thresholds and other decisions of
    a run do not count, for they may have been chosen on these answers.

    Args:
        arms: Two or more runs, each by name, folder or "last"; several seeds of one recipe as a list, whose mean score
            is compared and whose spread widens the interval. The first is the reference.
        runs: Folder of all runs.
        metric: Compare by this metric; None takes the main one of the first run.
        worst_by: A column, such as "site": compare by the score of the value that a run serves worst, which is looked
            for anew in every resample. Columns are those of `podium.Run.slices`.
        table: A table with a row an image, for a column that the first run does not have.
        level: Confidence level, such as 0.95.

    Raises:
        UsageError: If a run is not finished, is named twice, answers another task, or was trained on other labels.
        UnknownNameError: If there is no such run, metric or column.
        TableError: If the table has no row of an image.

    Example:
        found = podium.compare("baseline-1", ["quick-1", "quick-2"])
        found.main.arms[0].verdict
    """
    names = [(arm,) if isinstance(arm, str) else tuple(arm) for arm in arms]
    folders = [[find_run(Path(runs), name) for name in arm] for arm in names]
    return compare_folders(folders, metric=metric, worst_by=worst_by, table=table, level=level)


def compare_folders(
    arms: Sequence[Sequence[RunFolder]],
    *,
    metric: str | None = None,
    worst_by: str | None = None,
    table: str | Path | Frame | None = None,
    level: float = 0.95,
) -> Comparison:
    """As `compare`, of run folders."""
    if len(arms) < 2 or not all(arms):
        raise UsageError("a comparison needs two runs.", fix="Name two or more, the reference first.")
    if not 0.5 <= level < 1:
        raise UsageError(f"the level is {level:g}; it must be at least 0.5 and below 1.", field="level")
    flat = [run for arm in arms for run in arm]
    aligned, samples, n_left_out = on_shared_images(flat, _answers)
    scores = Scores.from_dict(durable.read_json(flat[0].scores_file))
    chosen = None if metric is None else find_metric(metric)
    if table is not None and worst_by is None:
        raise UsageError(
            "the column of the table is not named.", field="table", fix=f"Add {option('worst_by')} COLUMN."
        )
    words = None if worst_by is None else _read_parts(flat[0], worst_by, samples, aligned[0].task.main_target, table)
    names, targets = [arm[0].name for arm in arms], []
    for head in sorted(aligned[0].task.targets, key=lambda head: head.name != scores.main_target):
        own = chosen or find_metric(scores.metric_of(head.name))
        if not own.fits(head):
            if head.name == scores.main_target:
                raise UnknownNameError("metric", own.name, fitting_metrics(head), field="metric")
            own = find_metric(scores.metric_of(head.name))
        probs = iter([predictions.probs[head.name] for predictions in aligned])
        parts = [Arm(name, tuple(next(probs) for _ in arm)) for name, arm in zip(names, arms, strict=True)]
        labels = samples.target_labels(head.name)
        targets.append(compare_arms(parts, labels, samples.group_keys, own, head, parts=words, level=level))
        if head.name == scores.main_target:
            means = [np.mean(np.stack(part.probs), axis=0) for part in parts]
            flips = {
                part.name: find_flips(samples.ids, means[0], mean, labels, head)
                for part, mean in zip(parts[1:], means[1:], strict=True)
            }
    runs = tuple(tuple(run.name for run in arm) for arm in arms)
    notes = _notes(arms, aligned, targets[0])
    return Comparison(runs, level, len(samples), n_left_out, tuple(targets), flips, notes, samples)


def _read_parts(
    run: RunFolder, column: str, units: Samples, target: Head, table: str | Path | Frame | None
) -> list[str]:
    """The value of a column for everything that is judged.

    Raises:
        UsageError: If there are not two values.
    """
    (found,) = columns_of_units(run, [column], units, target, table, field="worst_by").values()
    values = sorted(set(found) - {""})
    if len(values) < 2:
        what = f"has one value, {values[0]!r}" if values else "is empty"
        raise UsageError(f"column {column!r} {what}, so no value of it can be the worst.", field="worst_by")
    return found


def _refuse_twice(runs: Sequence[RunFolder]) -> None:
    paths = [run.path.resolve() for run in runs]
    for path, run in zip(paths, runs, strict=True):
        if paths.count(path) > 1:
            raise UsageError(f"run {run.name!r} is named twice.", fix="Name each run once.")


def judged_images(run: RunFolder) -> tuple[Predictions, Samples]:
    """What a run answers out of fold, image by image, and what was asked."""
    return load_predictions(run.oof_file), load_tables(run)[0]


def on_shared_images(
    runs: Sequence[RunFolder], read: Callable[[RunFolder], tuple[Predictions, Samples]] = judged_images
) -> tuple[list[Predictions], Samples, int]:
    """Out-of-fold predictions of what all runs answer, in the first one's order; their samples; how many images or bags
    are left out.

    Args:
        runs: The runs.
        read: Gives a run's predictions and the samples that they answer.

    Raises:
        UsageError: If a run is not finished, is named twice, answers another task, or was trained on other labels of
            the same images.
    """
    _refuse_twice(runs)
    for run in runs:
        check_scores(run)
    answers = [read(run) for run in runs]
    found = [predictions for predictions, _ in answers]
    for run, predictions in zip(runs, found, strict=True):
        if predictions.task != found[0].task:
            raise UsageError(f"runs {runs[0].name!r} and {run.name!r} answer different tasks.")
    shared = set(found[0].ids.tolist()).intersection(*(predictions.ids.tolist() for predictions in found[1:]))
    if not shared:
        raise UsageError("no image was judged in all of these runs.", fix="Name runs on the same data.")
    everything = set().union(*(predictions.ids.tolist() for predictions in found))
    ids = found[0].ids[np.isin(found[0].ids, list(shared))]
    tables = [table.take(table.rows_of(ids)) for _, table in answers]
    for run, table in zip(runs[1:], tables[1:], strict=True):
        if any((table.labels[name] != labels).any() for name, labels in tables[0].labels.items()):
            raise UsageError(
                f"runs {runs[0].name!r} and {run.name!r} were trained on different labels of the same images.",
                fix=f"What corrections did is judged by podium labels RUN {option('verdict')} OTHER.",
            )
    return [predictions.align(ids) for predictions in found], tables[0], len(everything) - len(ids)


def _answers(run: RunFolder) -> tuple[Predictions, Samples]:
    """What a run answers out of fold, and what was asked: images, or bags of them."""
    return judged_answers(load_predictions(run.oof_file), load_tables(run)[0], read_pool(run))


def are_comparable(before: RunFolder, after: RunFolder) -> bool:
    """Whether both runs are scored, answer the same task, and were judged on images or bags of one name."""
    if not (before.is_finished and after.is_finished):
        return False
    check_scores(before)
    check_scores(after)
    a, b = _answers(before)[0], _answers(after)[0]
    return a.task == b.task and bool(set(a.ids.tolist()) & set(b.ids.tolist()))


def _notes(
    arms: Sequence[Sequence[RunFolder]], aligned: Sequence[Predictions], main: TargetComparison
) -> tuple[str, ...]:
    flat = [run for arm in arms for run in arm]
    notes = []
    if any((predictions.fold != aligned[0].fold).any() for predictions in aligned):
        notes.append(
            "Not all runs have the same folds: a part of the difference is that of the folds. Train on those of the"
            f" first with {options(folds_from=str(flat[0].path))}."
        )
    if not any(run.is_ensemble for run in flat):
        notes += _about_seeds(arms, [[load_recipe(run.recipe_file) for run in arm] for arm in arms])
    least = 2.0 ** (1 - main.n_groups)
    if least > 1 - main.arms[0].difference.level:
        notes.append(
            f"{count_of(main.n_groups, 'group')}: so few may all favour one run by chance. No verdict is given."
        )
    return tuple(notes)


def _about_seeds(arms: Sequence[Sequence[RunFolder]], recipes: Sequence[Sequence[Recipe]]) -> list[str]:
    plain = [{_without_seed(recipe) for recipe in arm} for arm in recipes]
    notes = []
    for arm, kinds in zip(arms, plain, strict=True):
        if len(kinds) > 1:
            names = ", ".join(run.name for run in arm)
            notes.append(f"The recipes of {names} differ in more than their seeds, and are judged as one.")
    if all(len(arm) == 1 for arm in arms):
        firsts = [next(iter(kinds)) for kinds in plain]
        twins = [arm[0].name for arm, kind in zip(arms, firsts, strict=True) if firsts.count(kind) > 1]
        whole = [(kind, arm[0].seed) for arm, kind in zip(recipes, firsts, strict=True)]
        copies = [arm[0].name for arm, kind in zip(arms, whole, strict=True) if whole.count(kind) > 1]
        if copies:
            notes.append(f"The recipes of {', '.join(copies)} are the same, and so are their seeds: one run, not two.")
        elif twins:
            notes.append(
                f"The recipes of {', '.join(twins)} differ in the seed alone: compare them as one, {','.join(twins)}."
            )
        notes.append(
            "One seed each: the verdicts are of these runs, and another seed of the same recipe may score otherwise."
            " Train some with other values of the recipe key seed, and compare A-1,A-2 with B-1,B-2."
        )
    return notes


def _without_seed(recipe: Recipe) -> str:
    return recipe.model_copy(update={"seed": 0, "preset": "x"}).model_dump_json()
