"""Members of an ensemble that are no runs: files of predictions that somebody gave, read, joined and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from podium.decisions import GivenFile, confidence_of, is_too_good, read_given_file, refuse_hard, surer_on, with_folds
from podium.errors import UsageError
from podium.listing import count_of, list_some
from podium.metric_words import metric_words
from podium.metrics import METRICS, Metric, paired_difference, score
from podium.store import RunFolder
from podium.tables import Predictions, Samples, Task, load_predictions

__all__ = ["GivenMember", "as_member", "check_given", "parse_given", "read_given"]

_SURE = 0.6
"""Probability that an out-of-fold row is surer than a test row, from which a caution is given."""
_BEYOND_OWN = 0.05


@dataclass(frozen=True, eq=False)
class GivenMember:
    """A member that somebody gave.

    Args:
        name: What it is called.
        files: Its files as they were named, by "oof" and "test".
        oof: Its predictions of the run's images.
        test: Those of test images, under their own names; None without a file.
    """

    name: str
    files: dict[str, str]
    oof: GivenFile
    test: Predictions | None


def parse_given(word: str) -> tuple[str, dict[str, str]] | None:
    """Name and files of "team=oof.csv:test.csv"; None where a word names a run, as a path to an arm of a study does.

    Example:
        >>> parse_given("team=oof.csv:test.csv"), parse_given("baseline-1")
        (('team', {'oof': 'oof.csv', 'test': 'test.csv'}), None)
        >>> parse_given("runs/sizes/01-image-size_px=192-seed0") is None
        True
    """
    name, mark, files = word.partition("=")
    if not mark or "/" in name:
        return None
    oof, _, test = files.partition(":")
    if not name or not oof:
        raise UsageError(f"cannot read the member {word!r}.", fix="Write NAME=OOF_FILE:TEST_FILE.")
    return name, {"oof": oof} | ({"test": test} if test else {})


def read_given(name: str, files: dict[str, str], task: Task, ids: Sequence[str], kind: str) -> GivenMember:
    """Read the files of a member.

    Args:
        name: What it is called.
        files: Its files.
        task: What is predicted.
        ids: Ids of the images that were judged.
        kind: What is averaged; answers without probabilities may only vote.
    """
    oof = read_given_file(Path(files["oof"]), task, ids)
    refuse_hard(oof, kind, name)
    test = None
    if "test" in files:
        found = read_given_file(Path(files["test"]), task)
        refuse_hard(found, kind, name)
        test = found.predictions
    return GivenMember(name, files, oof, test)


def check_given(
    member: GivenMember,
    oof: Predictions,
    own: Sequence[Predictions],
    runs: Sequence[RunFolder],
    samples: Samples,
    metric: Metric,
    target: str,
) -> tuple[list[str], list[str]]:
    """What there is to say of given predictions, and what speaks against them.

    Args:
        member: The member.
        oof: Its predictions, in the order of the samples.
        own: Those of the runs, in the same order.
        runs: The runs.
        samples: The samples.
        metric: Metric of the main target.
        target: The main target.

    Returns:
        Notes, and cautions.
    """
    head = next(head for head in oof.task.targets if head.name == target)
    labels, groups = samples.target_labels(target), samples.group_keys
    notes, cautions = [_joined_words(member)], []
    if member.oof.missing:
        n = count_of(len(member.oof.missing), "image")
        cautions.append(f"{member.name} lacks {n} of the run, which are left out: {list_some(member.oof.missing)}.")
    scores = [score(metric, part.probs[target], labels, head) for part in own]
    best = int(np.argmax(scores) if metric.greater_is_better else np.argmin(scores))
    given = score(metric, oof.probs[target], labels, head)
    difference = paired_difference(own[best].probs[target], oof.probs[target], labels, groups, metric, head)
    perfect = metric.limits_for(head)[1 if metric.greater_is_better else 0]
    if is_too_good(given, scores[best], difference, metric, perfect=perfect):
        cautions.append(
            f"{member.name} is too good to be true: {metric_words(metric.name)} {given:.4f}, the best run of your own"
            f" {scores[best]:.4f}. Ask whether its rows are out of fold, by the same groups."
        )
    calibration = METRICS["expected_calibration_error"]
    if head.kind in calibration.kinds and not member.oof.is_hard:
        errors = [calibration.function(np.asarray(part.probs[target]), labels, head) for part in (oof, own[best])]
        notes.append(
            f"{member.name}: calibration error {errors[0]:.4f}, of {runs[best].name} {errors[1]:.4f}"
            f" ({'logits or ranks may suit better than a mean' if errors[0] > 2 * errors[1] + 0.02 else 'alike'})."
        )
    if member.test is not None and not member.oof.is_hard:
        said, is_odd = _confidence_words(member, oof, own, runs, samples, target)
        (cautions if is_odd else notes).append(said)
    return notes, cautions


def _joined_words(member: GivenMember) -> str:
    extra = member.oof.extra
    more = f"; {count_of(len(extra), 'row')} of other images left out: {list_some(extra)}" if extra else ""
    test = "no test images" if member.test is None else count_of(len(member.test), "test image")
    n = count_of(len(member.oof.predictions), "image")
    return f"{member.name}: {n} found {member.oof.rule}, {test}{more}."


def _confidence_words(
    member: GivenMember,
    oof: Predictions,
    own: Sequence[Predictions],
    runs: Sequence[RunFolder],
    samples: Samples,
    target: str,
) -> tuple[str, bool]:
    """Whether it is surer out of fold than on the test, beside the runs that predicted this test set."""
    head = next(head for head in oof.task.targets if head.name == target)
    assert member.test is not None, "there is a test set to compare with"
    groups = samples.group_keys

    def surer(here: Predictions, there: Predictions) -> tuple[float, float, float]:
        found = surer_on(confidence_of(here.probs[target], head), confidence_of(there.probs[target], head), groups)
        return found.value, found.low, found.high

    value, low, high = surer(oof, member.test)
    beside = [surer(part, made)[0] for part, run in zip(own, runs, strict=True) for made in _test_of(run, member.test)]
    words = f"{member.name} is surer out of fold than on the test: probability {value:.2f} [{low:.2f}, {high:.2f}]"
    words += f", your own runs {max(beside):.2f}" if beside else ", 0.5 is alike"
    if low > _SURE and value > max(beside, default=0.5) + _BEYOND_OWN:
        return f"{words}. Its out-of-fold rows may have been trained on: weights would trust it too much.", True
    return f"{words}.", False


def _test_of(run: RunFolder, test: Predictions) -> list[Predictions]:
    """The run's predictions of the same test set, if it has any."""
    path = run.predictions_file("test")
    if not path.is_file():
        return []
    found = load_predictions(path)
    return [found] if len(found) == len(test) and found.task == test.task else []


def as_member(member: GivenMember, like: Predictions) -> Predictions:
    """Its out-of-fold predictions in the order of a run's, with the folds of that run."""
    ids = set(member.oof.predictions.ids.tolist())
    rows = np.array([name in ids for name in like.ids.tolist()])
    return with_folds(member.oof, like.fold[rows])
