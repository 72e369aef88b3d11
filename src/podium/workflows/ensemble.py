"""Several runs as one: combined out of fold, scored, and written as a run like any other."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.arguments import strict_arguments
from podium.crossval.expect_submission import expect_submission
from podium.crossval.scored_run import ScoredRun
from podium.dataset.prepared import load_prepared, write_prepared_tables
from podium.decisions import (
    N_SUBSETS,
    BlendKind,
    Choice,
    Chosen,
    Pool,
    Weighing,
    best_subsets,
    combine_out_of_fold,
    judged_answers,
    score_answers,
    stack_out_of_fold,
)
from podium.errors import UsageError
from podium.listing import count_of, list_some
from podium.machine import Caution, Progress, Settings, default_progress
from podium.metrics import Metric, PairedDifference, paired_difference, score, score_predictions
from podium.metrics import metric as find_metric
from podium.predicting.chosen_view_answers import chosen_view_answers
from podium.predicting.extra_columns import Extra
from podium.predicting.given_members import GivenMember, as_member, check_given, parse_given, read_given
from podium.stopping import StopRequest
from podium.store import (
    EnsembleRecord,
    MemberRecord,
    RunFolder,
    asked_metric,
    create_run,
    describe_environment,
    digest_tables,
    digest_views,
    find_run,
    load_tables,
    read_chosen_views,
    read_pool,
    refuse_ensemble,
    sources_of_scores,
    weights_of,
)
from podium.tables import Predictions, Samples, load_predictions, save_predictions
from podium.texttable import Frame
from podium.workflows.compare import judged_images, on_shared_images
from podium.workflows.run import Run

__all__ = ["MadeEnsemble", "combine_runs", "ensemble", "write_ensemble"]


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
        f" {made.metric.name} {value:.4f} on the rows that chose it."
        for place, (value, own) in enumerate(found[:most], start=1)
    ]


@dataclass(frozen=True, eq=False)
class MadeEnsemble:
    """An ensemble before it is written."""

    folders: Sequence[RunFolder | GivenMember]
    members: Sequence[Predictions]
    samples: Samples
    choice: Choice
    chosen: Chosen
    metric: Metric
    asked: str | None
    target: str
    n_left_out: int
    pool: Pool
    remake: Callable[[Sequence[Predictions], Choice], Chosen]
    notes: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()

    @property
    def runs(self) -> list[RunFolder]:
        """The members that are runs."""
        return [one for one in self.folders if isinstance(one, RunFolder)]

    def score(self, predictions: Predictions) -> float:
        """Main score of predictions for the same images."""
        answers, asked = judged_answers(predictions, self.samples, self.pool)
        head = next(head for head in answers.task.targets if head.name == self.target)
        return score(self.metric, answers.probs[head.name], asked.target_labels(head.name), head)

    def versus(self, other: Predictions) -> PairedDifference:
        """The ensemble in comparison with other predictions of these images."""
        before, asked = judged_answers(other, self.samples, self.pool)
        after, _ = judged_answers(self.chosen.oof, self.samples, self.pool)
        head = next(head for head in before.task.targets if head.name == self.target)
        labels, groups = asked.target_labels(head.name), asked.group_keys
        return paired_difference(before.probs[head.name], after.probs[head.name], labels, groups, self.metric, head)


def combine_runs(
    own: Mapping[int, RunFolder],
    given: Mapping[int, tuple[str, dict[str, str]]],
    choice: Choice,
    metric: str | None,
    extra: Extra | None,
    *,
    per_head: bool,
) -> MadeEnsemble:
    """An ensemble before it is written.

    Args:
        own: Its runs, by their place among the members.
        given: The members that somebody gave, by place: name and files.
        choice: What is averaged, and how weights are found.
        metric: Main metric; None takes that of the first run.
        extra: Columns beside the images, for a stack.
        per_head: Whether every head has weights of its own.

    Raises:
        UsageError: If the members cannot be combined.
    """
    runs = list(own.values())
    _check_members(runs, given)
    parts, samples, n_left_out = on_shared_images(runs, _judged_with_views)
    ids, task = parts[0].ids.tolist(), parts[0].task
    others = {place: read_given(*found, task, ids, choice.kind) for place, found in given.items()}
    parts, samples, n_lacking = _keep_shared(parts, samples, list(others.values()))
    n_left_out += n_lacking
    makers = iter(parts)
    folders: list[RunFolder | GivenMember] = []
    members = []
    for place in range(len(own) + len(given)):
        other = others.get(place)
        folders.append(own[place] if other is None else other)
        members.append(next(makers) if other is None else as_member(other, parts[0]).align(parts[0].ids))
    asked = metric or asked_metric(runs[0])
    scores = score_predictions(members[0], samples, metric=asked, n_resamples=0)
    main = scores.main_target
    metrics = {name: find_metric(scores.metric_of(name)) for name in scores.targets}
    labels = {name: samples.target_labels(name) for name in scores.targets}
    fold = np.asarray(members[0].fold)

    plan, numbers = (None, None) if extra is None else extra.numbers(samples)

    def make(which: Sequence[Predictions], how: Choice) -> Chosen:
        keys = samples.group_keys
        if how.weighing == "stack":
            return stack_out_of_fold(which, labels, fold, keys, main, extra=numbers, columns=plan)
        return combine_out_of_fold(how, which, labels, fold, metrics, main, groups=keys, per_head=per_head)

    chosen = make(members, choice)
    said = [
        check_given(one, members[place], parts, runs, samples, metrics[main], main) for place, one in others.items()
    ]
    notes, cautions = (tuple(line for pair in said for line in pair[kind]) for kind in (0, 1))
    notes += _say_views(runs)
    pool = read_pool(runs[0])
    return MadeEnsemble(
        folders, members, samples, choice, chosen, metrics[main], asked, main, n_left_out, pool, make, notes, cautions
    )


def _check_members(runs: Sequence[RunFolder], given: Mapping[int, tuple[str, dict[str, str]]]) -> None:
    if not runs or len(runs) + len(given) < 2:
        raise UsageError("an ensemble needs two members, and a run among them.", fix="Name two or more.")
    for folder in runs:
        refuse_ensemble(folder, "An ensemble")
    names = [*(run.name for run in runs), *(name for name, _ in given.values())]
    again = next((name for name in names if names.count(name) > 1), None)
    if again is not None and given:
        raise UsageError(f"two members are called {again!r}.", fix="Give them other names.")


def _keep_shared(
    parts: Sequence[Predictions], samples: Samples, given: Sequence[GivenMember]
) -> tuple[list[Predictions], Samples, int]:
    """Only the images that all given predictions have, and how many are left out."""
    shared = set(parts[0].ids.tolist()).intersection(*(set(one.oof.predictions.ids.tolist()) for one in given))
    n_lacking = len(parts[0]) - len(shared)
    if not n_lacking:
        return list(parts), samples, 0
    if not shared:
        raise UsageError("no image is predicted by all members.", fix="Give files of the same data.")
    keep = np.array([name in shared for name in parts[0].ids.tolist()])
    rows = np.flatnonzero(keep)
    return [part.take(rows) for part in parts], samples.take(rows), n_lacking


def write_ensemble(
    root: Path, name: str | None, made: MadeEnsemble, progress: Progress, *, about: Mapping[str, Any] | None = None
) -> RunFolder:
    """A new run folder of an ensemble, scored and reported.

    Args:
        root: Folder of all runs.
        name: Its name; None counts on.
        made: The ensemble.
        progress: Receives notes.
        about: More for its run.json.
    """
    first = made.runs[0]
    prepared = load_prepared(first.path)
    record = {
        "command": ["podium", *sys.argv[1:]],
        "preset": "ensemble",
        "folds": sorted(set(made.chosen.oof.fold.tolist())),
        **{key: value for key, value in first.read().items() if key in ("cache", "cache_key", "fingerprints_sha256")},
        **digest_tables(prepared.samples, prepared.folds),
        **(about or {}),
    }

    def fill(run: RunFolder) -> None:
        if first.fingerprints_file.is_file():
            durable.write_bytes(run.fingerprints_file, durable.read_bytes(first.fingerprints_file))
        write_prepared_tables(prepared, run.path)
        durable.write_sealed(run.environment_file, describe_environment())
        digests = {one.name: _write_given(run, one) for one in made.folders if isinstance(one, GivenMember)}
        durable.write_json(run.ensemble_file, _describe(root, made, digests).to_dict())

    run = create_run(root, name, record, stem="ensemble", fill=fill)
    with durable.wait_for_lock(run.path):
        _score(run, made, progress)
    if made.n_left_out:
        progress.note(Caution(f"{count_of(made.n_left_out, 'image')} not judged by all of these runs are left out."))
    return run


def _judged_with_views(run: RunFolder) -> tuple[Predictions, Samples]:
    """What a run answers out of fold, image by image, with the views that it predicts with; and what was asked."""
    oof, samples = judged_images(run)
    return chosen_view_answers(run, oof) or oof, samples


def _views_that_count(run: RunFolder) -> str | None:
    """Digest of the views that a run is judged with; None where its chosen views cannot count."""
    is_lost = read_chosen_views(run) is not None and chosen_view_answers(run, load_predictions(run.oof_file)) is None
    return None if is_lost else digest_views(run)


def _say_views(runs: Sequence[RunFolder]) -> tuple[str, ...]:
    """What an ensemble does about runs that predict with chosen test-time views."""
    own = [run for run in runs if read_chosen_views(run) is not None]
    lost = [run.name for run in own if _views_that_count(run) is None]
    kept = [run.name for run in own if run.name not in lost]
    said = []
    if kept:
        which = f"{list_some(kept)} {'are' if len(kept) > 1 else 'is'}"
        said.append(
            f"{which} judged with the test-time views that `podium tta` chose, each fold by the choice without it."
        )
    if lost:
        which = f"{list_some(lost)} {'predict' if len(lost) > 1 else 'predicts'}"
        said.append(
            f"{which} new images with the test-time views that `podium tta` chose; weights, scores and verdicts of this"
            " ensemble are of predictions without them, because those under the views are gone. Audit the views again,"
            " then make the ensemble again."
        )
    return tuple(said)


def _write_given(run: RunFolder, member: GivenMember) -> str:
    """Keep given predictions with the ensemble; gives the digest of those of the run's images."""
    if member.test is not None:
        save_predictions(member.test, run.given_file(member.name, "test"))
    return save_predictions(member.oof.predictions, run.given_file(member.name, "oof")).origins[0].sha256


def _describe(root: Path, made: MadeEnsemble, digests: Mapping[str, str]) -> EnsembleRecord:
    scores = [made.score(member) for member in made.members]
    members = []
    for place, (folder, predictions) in enumerate(zip(made.folders, made.members, strict=True)):
        is_given = isinstance(folder, GivenMember)
        members.append(
            MemberRecord(
                folder.name,
                "" if isinstance(folder, GivenMember) else os.path.relpath(folder.path.resolve(), root.resolve()),
                digests[folder.name] if is_given else predictions.origins[0].sha256,
                scores[place],
                **_value_of(place, made),
                views=None if isinstance(folder, GivenMember) else _views_that_count(folder),
                files=folder.files if isinstance(folder, GivenMember) else {},
            )
        )
    sign = 1 if made.metric.greater_is_better else -1
    best = int(np.argmax([sign * value for value in scores]))
    against = {"best": {"name": made.folders[best].name} | made.versus(made.members[best]).to_dict()}
    if made.choice.learns:
        equal = made.remake(made.members, Choice(made.choice.kind)).oof
        against["equal"] = made.versus(equal).to_dict()
    return EnsembleRecord(
        tuple(members),
        made.chosen.blend.to_dict(),
        made.choice.weighing if isinstance(made.choice.weighing, str) else "given",
        {str(fold): list(own) for fold, own in made.chosen.by_fold.items()},
        made.asked,
        made.pool,
        against,
        len(made.runs) == len(made.folders) and _have_same_folds(made.runs),
        tuple(tuple(row) for row in _correlation(made).tolist()),
        (*made.cautions, *made.notes),
    )


def _have_same_folds(folders: Sequence[RunFolder]) -> bool:
    first, *others = [(load_tables(folder)[1].digest, folder.read()["folds"]) for folder in folders]
    return all(other == first for other in others)


def _value_of(place: int, made: MadeEnsemble) -> dict[str, Any]:
    """What the ensemble scores without one of its runs, and whether that run helps."""
    rest = [member for other, member in enumerate(made.members) if other != place]
    if len(rest) < 2:
        return {}
    choice = made.choice
    if not isinstance(choice.weighing, str):
        left = tuple(weight for other, weight in enumerate(choice.weighing) if other != place)
        choice = replace(choice, weighing=left if sum(left) else "equal")
    without = made.remake(rest, choice).oof
    return {"without": made.score(without), "value": made.versus(without).to_dict()}


def _correlation(made: MadeEnsemble) -> NDArray[np.float64]:
    """Correlation between the errors of every two members: 1 minus the probability of the truth."""
    head = next(head for head in made.members[0].task.targets if head.name == made.target)
    labels = made.samples.target_labels(head.name)
    known = labels >= 0
    if head.is_multi:
        errors = [np.abs(member.probs[head.name] - labels)[known] for member in made.members]
    else:
        rows = np.flatnonzero(known)
        errors = [1 - np.asarray(member.probs[head.name])[rows, labels[rows]] for member in made.members]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.corrcoef(np.stack(errors))
    return np.asarray(np.nan_to_num(np.atleast_2d(found), nan=0.0))


def _score(run: RunFolder, made: MadeEnsemble, progress: Progress) -> None:
    from podium.report import make_report, write_model_card

    samples, folds = load_tables(run)
    oof = made.chosen.oof
    save_predictions(oof, run.oof_file, weights=weights_of(run, ()))
    scores = score_answers(oof, samples, made.pool, metric=made.asked, by_fold=True)
    settings = Settings(runs=run.path.parent)
    expected = expect_submission(ScoredRun(run, samples, folds, oof, scores, settings, progress, StopRequest()))
    scores = replace(scores, expected=expected)
    durable.write_sealed(run.scores_file, scores.to_dict() | {"made_from": sources_of_scores(run)})
    write_model_card(run)
    make_report(run)
