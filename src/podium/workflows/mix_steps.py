"""The answer of a plan: its runs as an ensemble, unless one of them is better beyond doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from podium.decisions import Choice
from podium.machine import Caution, Progress, Settings
from podium.metric_words import metric_words
from podium.store import RunFolder, StepRecord
from podium.workflows.combine_runs import MadeEnsemble, combine_runs
from podium.workflows.run import Run
from podium.workflows.write_ensemble import write_ensemble

__all__ = ["mix_steps"]


def mix_steps(runs: Sequence[RunFolder], step: StepRecord, settings: Settings, progress: Progress) -> Run:
    """Write the ensemble of some runs, with weights of least log loss; out of fold no row judges weights it chose.

    Where the paired comparison says that a run alone is better, that run has all the weight.

    Args:
        runs: Two or more finished runs, on the same folds.
        step: What the ensemble is in the plan.
        settings: Machine and places.
        progress: Receives what each run scored, and what was taken.
    """
    made = _judge(combine_runs(dict(enumerate(runs)), {}, Choice(weighing="search"), None, None, per_head=False))
    for line in made.cautions:
        progress.note(Caution(line))
    folder = write_ensemble(settings.runs, step.name, made, progress, about={"step": step.to_dict()})
    answer = Run(folder, settings)
    for line in _tell(answer, made):
        progress.note(line)
    return answer


def _judge(mixed: MadeEnsemble) -> MadeEnsemble:
    """The mix, or its best run with all the weight where that is better beyond doubt."""
    scores = np.array([mixed.score(member) for member in mixed.members])
    best = int(np.argmax(scores if mixed.metric.greater_is_better else -scores))
    against = mixed.versus(mixed.members[best])
    if against.verdict != "hurts":
        return mixed
    alone = Choice(weighing=tuple(float(place == best) for place in range(len(scores))))
    own = dict(enumerate(mixed.runs))
    note = f"The mix of all runs is worse than {mixed.runs[best].name} by {against.difference}: that run alone answers."
    return replace(combine_runs(own, {}, alone, None, None, per_head=False), notes=(note,))


def _tell(answer: Run, made: MadeEnsemble) -> list[str]:
    """What each run scored and weighs, and what the mix adds to the best of them."""
    section, scores = answer.members, answer.scores
    own = ", ".join(f"{line.name} {line.score:.4f} (weight {line.weight:.2f})" for line in section.lines)
    if made.notes:
        return [*made.notes, f"{metric_words(scores.main_metric)}: {own}."]
    return [
        f"{metric_words(scores.main_metric)}: {own}; {answer.name}, all of them, {scores.main.value:.4f}.",
        f"{answer.name} minus {section.best}, the best of them: {section.gain}, {section.gain_verdict}."
        f" {answer.name} is the answer.",
    ]
