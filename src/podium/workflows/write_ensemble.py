"""An ensemble as a run folder: scored, described and reported like any other run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.crossval.expect_submission import expect_submission
from podium.crossval.scored_run import ScoredRun
from podium.dataset.prepared import load_prepared, write_prepared_tables
from podium.decisions import (
    Choice,
    score_answers,
)
from podium.listing import count_of
from podium.machine import Caution, Progress, Settings
from podium.predicting.given_members import GivenMember
from podium.stopping import StopRequest
from podium.store import (
    EnsembleRecord,
    MemberRecord,
    RunFolder,
    create_run,
    describe_environment,
    digest_tables,
    load_tables,
    sources_of_scores,
    weights_of,
)
from podium.tables import save_predictions
from podium.workflows.combine_runs import MadeEnsemble
from podium.workflows.judge_members import views_of_member

__all__ = ["write_ensemble"]


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
                views=None if isinstance(folder, GivenMember) else views_of_member(folder),
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
