"""Several runs as one: combined out of fold, scored, and written as a run like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from podium.arguments import strict_arguments
from podium.decisions import N_SUBSETS, BlendKind, Choice, Weighing, best_subsets
from podium.errors import UsageError
from podium.listing import list_some
from podium.machine import Caution, Progress, Settings, default_progress
from podium.metric_words import metric_words
from podium.predicting.extra_columns import Extra
from podium.predicting.given_members import parse_given
from podium.store import find_run
from podium.texttable import Frame
from podium.workflows.combine_runs import MadeEnsemble, combine_runs
from podium.workflows.run import Run
from podium.workflows.write_ensemble import write_ensemble

__all__ = ["ensemble"]


@strict_arguments()
def ensemble(
    *members: str | Path,
    runs: str | Path = "runs",
    name: str | None = None,
    blend: BlendKind = "mean",
    weights: Weighing | Sequence[float] = "equal",
    per_head: bool = False,
    metric: str | None = None,
    subsets: int | None = None,
    top: int | None = None,
    table: str | Path | Frame | None = None,
    columns: Sequence[str] = (),
    relative: Sequence[str] = (),
    progress: Progress | None = None,
) -> Run:
    """Combine finished runs into one, which predicts, submits and reports like any other.

    The score is of out-of-fold predictions. Where labels choose the weights ("search", "greedy"), those of a fold are
    chosen on the other folds, so that no image judges weights that it helped to choose.

    Args:
        members: Two or more runs, each by name, folder or "last", on the same labels; the folds of the first one
            count. "team=oof.csv:test.csv" is a member that somebody gave: its predictions of the run's images, each by
            a model that did not see it, and of the test set.
        runs: Folder of all runs, where the ensemble is written too.
        name: Its name; None counts on: ensemble-1, ensemble-2.
        blend: What is averaged: "mean" (probabilities), "logits", "ranks" or "vote" (decisions).
        weights: "equal"; "search" (least log loss); "greedy" (one after the other, by the metric); "subset" (the best
            of many subsets, each with equal weights); "stack" (logistic regression on the logits, shrunk towards
            their equal mean); or a number a run.
        per_head: Whether every head has weights of its own. By default those of the main target count for all.
        metric: Main metric; None takes that of the first run.
        subsets: With "subset": how many to try, 1,000 by default; all where there are no more.
        top: With "subset": how many of the best to name in the notes, 5 by default.
        table: With "stack": a table (a file or a DataFrame) with a row for each image and columns that know more.
        columns: Its columns to use: of numbers as they are, of texts one a value. Predictions need them too.
        relative: Columns of numbers to compare with the image's group: standard deviations from its mean, and rank.
        progress: Receives progress and notes.

    Raises:
        UsageError: If a run is not finished, is an ensemble itself, answers another task or was trained on other
            labels, or the weights do not fit.

    Example:
        best = podium.ensemble("baseline-1", "quick-1", "finetune-1", weights="greedy")
        podium.submit(best.predict("data/test"), template="sample_submission.csv")
    """
    root, said = Path(runs), progress or default_progress()
    given = {place: found for place, word in enumerate(members) if (found := parse_given(str(word))) is not None}
    folders = {place: find_run(root, str(word)) for place, word in enumerate(members) if place not in given}
    choice = _choice_of(blend, weights, subsets, top)
    extra = Extra.of(table, columns, relative, choice)
    made = combine_runs(folders, given, choice, metric, extra, per_head=per_head)
    if choice.weighing == "subset":
        made = replace(made, notes=(*made.notes, *_name_subsets(made, 5 if top is None else top)))
    for line in made.cautions:
        said.note(Caution(line))
    for line in made.notes:
        said.note(line)
    return Run(write_ensemble(root, name, made, said), Settings(runs=root))


def _choice_of(blend: BlendKind, weights: Weighing | Sequence[float], subsets: int | None, top: int | None) -> Choice:
    if weights != "subset" and (subsets is not None or top is not None):
        raise UsageError("subsets are tried where weights are 'subset'.", field="weights", fix="Set it to 'subset'.")
    if min(1 if subsets is None else subsets, 1 if top is None else top) < 1:
        raise UsageError("there is at least one subset to try and to name.", field="subsets")
    given = weights if isinstance(weights, str) else tuple(float(weight) for weight in weights)
    return Choice(blend, given, N_SUBSETS if subsets is None else subsets)


def _name_subsets(made: MadeEnsemble, most: int) -> list[str]:
    """The best subsets on all rows, which chose them."""
    head = next(head for head in made.members[0].task.targets if head.name == made.target)
    labels = made.samples.target_labels(head.name)
    probs = [np.asarray(member.probs[head.name]) for member in made.members]
    known = (labels >= 0).any(axis=1) if head.is_multi else labels >= 0
    rows = [part[known] for part in probs]
    found = best_subsets(rows, labels[known], made.metric, head, made.choice.n_subsets)
    names = [folder.name for folder in made.folders]
    return [
        f"Subset {place} of {len(found):,}: {list_some([n for n, weight in zip(names, own, strict=True) if weight])},"
        f" {metric_words(made.metric.name)} {value:.4f} on the rows that chose it."
        for place, (value, own) in enumerate(found[:most], start=1)
    ]
