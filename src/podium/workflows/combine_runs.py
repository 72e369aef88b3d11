"""Several runs combined out of fold, before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from podium.decisions import (
    Choice,
    Chosen,
    Pool,
    combine_out_of_fold,
    judged_answers,
    stack_out_of_fold,
)
from podium.errors import UsageError
from podium.metrics import Metric, PairedDifference, paired_difference, score, score_predictions
from podium.metrics import metric as find_metric
from podium.predicting.extra_columns import Extra
from podium.predicting.given_members import GivenMember, as_member, check_given, read_given
from podium.store import (
    RunFolder,
    asked_metric,
    read_pool,
    refuse_ensemble,
)
from podium.tables import Predictions, Samples
from podium.workflows.compare import on_shared_images
from podium.workflows.judge_members import judge_member, say_views

__all__ = ["MadeEnsemble", "combine_runs"]


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
    parts, samples, n_left_out = on_shared_images(runs, judge_member)
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
    notes += say_views(runs)
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
