"""Which table of a run was made from which, told by digests: one older than its source is never used without a word.

What a table was made from is written down with it: the weights inside every Parquet file of predictions, the
out-of-fold tables in scores.json and decisions.json, the files of a prediction in its JSON, predictions and decisions
in the log of submissions. So each is found out whatever happened: a kill between two files, a fold that was trained
later, an edit, a file of another run.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium import durable
from podium.advice import call
from podium.errors import PodiumError, StorageError, UsageError
from podium.store.chosen_views import digest_views
from podium.store.edits import find_edits, is_edited, is_torn
from podium.store.ensemble_record import read_ensemble
from podium.store.results import digest_results
from podium.store.run_folder import RunFolder

__all__ = [
    "StaleFile",
    "check_scores",
    "digest_rules",
    "find_stale",
    "list_predictions",
    "sources_of_scores",
    "weights_behind",
    "weights_of",
    "weights_of_refit",
]


_RESTORE = "Restore it if that was not your intention."
_EDIT_FIXES = {
    "decisions.json": "It is followed as it is; set the rules with `podium decide` if that was not your intention.",
    "recipe.yaml": "Restore it: what is trained or predicted now does not fit what was trained before.",
}


@dataclass(frozen=True)
class StaleFile:
    """A file of a run that was not made from what is there now.

    Args:
        file: Its name in the run folder.
        source: What it was made from and differs now, in words.
        fix: How to make it again, a sentence.
        is_torn: Whether it is damaged instead, so that nobody can say what it was made from.
    """

    file: str
    source: str
    fix: str
    is_torn: bool = False

    @property
    def what(self) -> str:
        """What is wrong, a sentence."""
        if self.is_torn:
            return f"{self.file} is damaged: it ends too early, or is no JSON."
        return f"{self.file} was not made from {self.source}."

    def __str__(self) -> str:
        return f"{self.what} {self.fix}"


def weights_of(run: RunFolder, folds: Collection[int]) -> dict[str, str]:
    """Digest of every trained model's weights, by its folder in the run ("fold-0/all"); from their JSON.

    Of an ensemble: those of all folds of its runs ("baseline-1/fold-0/all").
    """
    ensemble = read_ensemble(run)
    if ensemble is not None:
        own = {
            f"{member.name}/{name}": digest
            for member in ensemble.folders(run)
            for name, digest in weights_of(member, _folds_of(member)).items()
        }
        given = [member.name for member in ensemble.members if member.is_given]
        return own | {f"{name}/given": str(_digest(run.given_file(name, "test"))) for name in given}
    found = {}
    for fold in sorted(folds):
        for about in sorted(run.path.glob(f"fold-{fold}/*/model.json")):
            record = _read_record(about)
            found[f"fold-{fold}/{about.parent.name}"] = str(record.get("sha256"))
    return found


def weights_behind(run: RunFolder, name: str) -> dict[str, str]:
    """Digests of the weights that predict a test set now: those of its folds or, where it says so, of the refit."""
    if _read_record(run.predictions_file(name).with_suffix(".json")).get("models") == "refit":
        return weights_of_refit(run)
    return weights_of(run, [fold for fold in _folds_of(run) if run.is_fold_done(fold)])


def weights_of_refit(run: RunFolder) -> dict[str, str]:
    """Digest of the weights of every model on all images, by its folder in the run ("refit/all")."""
    records = sorted(run.path.glob("refit/*/model.json"))
    return {f"refit/{path.parent.name}": str(_read_record(path).get("sha256")) for path in records}


def digest_rules(run: RunFolder) -> str | None:
    """Digest of how the run decides; None where nothing was decided."""
    record = _read_record(run.decisions_file)
    kept = (
        "thresholds",
        "weights",
        "cuts",
        "calibration",
        "unknown",
        "sets",
        "composite",
        "consensus",
        "parents",
        "bags",
    )
    rules = {name: record[name] for name in kept if name in record}
    return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest() if rules else None


def sources_of_scores(run: RunFolder) -> dict[str, Any]:
    """What scores.json remembers: the digests of the out-of-fold tables, all folds' and each one's."""
    folds = _folds_of(run)
    return {
        "oof": _digest(run.oof_file),
        "folds": {str(fold): _digest(run.predictions_file("oof", fold)) for fold in folds},
    }


def list_predictions(run: RunFolder) -> list[str]:
    """Names of the test sets that were predicted."""
    names = (path.stem for path in run.oof_file.parent.glob("*.parquet"))
    return sorted(name for name in names if name != "oof" and not re.search(r"-fold-\d+$", name))


def find_stale(run: RunFolder) -> list[StaleFile]:
    """Every file of a run that is older than what it was made from, or was changed since; in the order of making.

    A file that is missing or remembers nothing is left out.
    """
    stale = [*_about_edits(run), *_about_scores(run), *_about_report(run), *_about_decisions(run), *_about_views(run)]
    for name in list_predictions(run):
        stale += _about_predictions(run, name)
    return [*stale, *_about_submission(run)]


def _about_edits(run: RunFolder) -> Iterator[StaleFile]:
    for name in find_edits(run.path, _read_record(run.run_file)):
        torn = name.endswith(".json") and is_torn(run.path / name)
        source = "what Podium wrote: it was changed after it was written"
        yield StaleFile(
            name, source, "Restore it from a copy." if torn else _EDIT_FIXES.get(name, _RESTORE), is_torn=torn
        )
    results = _read_record(run.scores_file).get("results_sha256")
    if isinstance(results, str) and _digest(run.results_file, digest_results) not in (None, results):
        fix = f"Write it again with {call('podium.resume', run.name)}."
        yield StaleFile(run.results_file.name, "the journals of the trainings: it was changed", fix)


def _about_scores(run: RunFolder) -> Iterator[StaleFile]:
    made_from = _read_record(run.scores_file).get("made_from")
    fix = f"Score the run again with {call('podium.resume', run.name)}."
    for member in _changed_members(run):
        yield StaleFile(
            "scores.json", f"the out-of-fold predictions of {member} that are here now", "Make the ensemble again."
        )
    for member in _members_of_other_views(run):
        what = f"the test-time views that {member} predicts with now"
        yield StaleFile("scores.json", what, "Make the ensemble again.")
    if not run.is_finished and run.oof_file.is_file() and run.run_file.is_file():
        yield StaleFile("predictions/oof.parquet", "all folds that the run was asked for", fix)
    if is_torn(run.scores_file):
        yield StaleFile("scores.json", "", fix, is_torn=True)
    elif made_from is not None and made_from != sources_of_scores(run):
        yield StaleFile("scores.json", "the out-of-fold predictions that are here now", fix)
    elif is_edited(run.scores_file):
        yield StaleFile("scores.json", "these predictions alone: it was changed after it was written", fix)


def _changed_members(run: RunFolder) -> Iterator[str]:
    ensemble = read_ensemble(run)
    if ensemble is not None:
        for member, folder in zip(ensemble.runs, ensemble.folders(run), strict=True):
            if _digest(folder.oof_file) != member.oof_sha256:
                yield member.name
        for member in ensemble.members:
            if member.is_given and _digest(run.given_file(member.name, "oof")) != member.oof_sha256:
                yield member.name


def _members_of_other_views(run: RunFolder) -> Iterator[str]:
    ensemble = read_ensemble(run)
    if ensemble is not None:
        for member, folder in zip(ensemble.runs, ensemble.folders(run), strict=True):
            if member.views is not None and digest_views(folder) != member.views:
                yield member.name


def _about_report(run: RunFolder) -> Iterator[StaleFile]:
    if not run.report_file.is_file():
        return
    found = re.search(rb'<meta name="podium-scores" content="(\w*)">', durable.read_bytes(run.report_file)[:8192])
    if found is not None and found[1].decode() != (_digest(run.scores_file) or ""):
        fix = f"Write it again with {call(f'podium.load_run({run.name!r}).report')}."
        yield StaleFile("report.html", "the scores.json that is here now", fix)


def _about_decisions(run: RunFolder) -> Iterator[StaleFile]:
    made_from = _read_record(run.decisions_file).get("made_from")
    if made_from is not None and made_from != {"oof": _digest(run.oof_file)}:
        fix = "Look at what they do now with `podium decide`."
        yield StaleFile("decisions.json", "the out-of-fold predictions that are here now", fix)


def _about_views(run: RunFolder) -> Iterator[StaleFile]:
    record = _read_record(run.views_file)
    made_from = record.get("made_from")
    if made_from is not None and made_from != {"weights": weights_of(run, _folds_of(run))}:
        fix = "Audit the views again with `podium tta`."
        yield StaleFile("tta.json", "the models that are here now", fix)


def _about_predictions(run: RunFolder, name: str) -> Iterator[StaleFile]:
    path = run.predictions_file(name)
    about = _read_record(path.with_suffix(".json"))
    again = _predict_again(run, name, about)
    files, answers = about.get("files"), about.get("answers")
    if isinstance(files, dict):
        changed = [file for file, digest in files.items() if _digest(path.parent / file) != digest]
        if changed:
            yield StaleFile(
                f"predictions/{changed[0]}", f"one piece with {name}.json: it was changed, or not finished", again
            )
    if about.get("weights") not in (None, weights_behind(run, name)):
        yield StaleFile(f"predictions/{path.name}", "all models that are trained now", again)
    if isinstance(about.get("views_digest"), str) and about["views_digest"] != _digest_of_views(run):
        yield StaleFile(f"predictions/{path.name}", "the test-time views that the run chose", again)
    if isinstance(answers, dict):
        now = {"predictions": _digest(path), "rules": digest_rules(run)}
        if {key: answers.get(key) for key in now} != now or answers.get("sha256") != _digest(path.with_suffix(".csv")):
            yield StaleFile(f"predictions/{name}.csv", f"the {path.name} and the decisions that are here now", again)


def _about_submission(run: RunFolder) -> Iterator[StaleFile]:
    digest = _digest(run.submission_file)
    if digest is None:
        return
    try:
        lines = [line for line in durable.Journal(run.submissions_file).read() if line.get("sha256") == digest]
    except StorageError:
        return
    again = "Write it again with `podium submit`."
    if not lines:
        yield StaleFile("submission.csv", "what submissions.jsonl says: it was changed", again)
        return
    made_from = lines[-1].get("made_from")
    if not isinstance(made_from, dict):
        return
    names = made_from.get("predictions")
    now = {name: _digest(run.predictions_file(name)) for name in names} if isinstance(names, dict) else names
    if names != now or made_from.get("rules") != digest_rules(run):
        yield StaleFile("submission.csv", "the predictions and decisions that are here now", again)


def check_scores(run: RunFolder) -> None:
    """Raise UsageError unless a run is scored, and its scores are of the predictions that are there."""
    again = f"Continue it with {call('podium.resume', run.name)}."
    if not run.is_finished or not run.oof_file.is_file():
        raise UsageError(f"run {run.name!r} is not finished.", fix=again)
    for stale in _about_scores(run):
        raise UsageError(stale.what, where=run.path, fix=stale.fix)


def _folds_of(run: RunFolder) -> list[int]:
    folds = _read_record(run.run_file).get("folds")
    return [fold for fold in folds if isinstance(fold, int)] if isinstance(folds, list) else []


def _predict_again(run: RunFolder, name: str, about: Mapping[str, Any]) -> str:
    named = {} if name == "test" else {"name": name}
    named |= {"models": "refit"} if about.get("models") == "refit" else {}
    images = about.get("root") or "FOLDER"
    return f"Make them again with {call(f'podium.load_run({run.name!r}).predict', images, **named)}."


def _digest_of_views(run: RunFolder) -> str:
    """As `digest_views`, of an ensemble those of all its runs; "damaged" where a record cannot be read."""
    try:
        ensemble = read_ensemble(run)
        return "".join(map(digest_views, [run] if ensemble is None else ensemble.folders(run)))
    except PodiumError:
        return "damaged"


def _read_record(path: Path) -> dict[str, Any]:
    """The JSON record in a file; empty where there is none, or it is damaged, which its readers tell."""
    try:
        record = durable.read_json(path)
    except StorageError:
        return {}
    return record if isinstance(record, dict) else {}


def _digest(path: Path, digest_of: Callable[[Path], str] = durable.sha256_file) -> str | None:
    try:
        return digest_of(path)
    except StorageError:
        return None
