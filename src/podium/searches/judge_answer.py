"""The one honest number of `auto`: its answer's score on groups that chose nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from podium import durable
from podium.dataset.prepared import Prepared
from podium.decisions import score_answers
from podium.machine import Progress, Settings
from podium.metrics import Scores, paired_difference
from podium.searches.auto_folder import AutoFolder
from podium.searches.auto_result import AutoResult, Member
from podium.searches.clock import Clock
from podium.searches.result import SearchResult
from podium.searches.untouched import judged_side, predict_untouched
from podium.store import RunFolder, read_pool
from podium.tables import HOLDOUT

__all__ = ["judge_answer"]

_LEVEL = 0.95


def judge_answer(
    folder: AutoFolder,
    whole: Prepared,
    found: SearchResult | None,
    answer: RunFolder,
    members: Sequence[Member],
    settings: Settings,
    progress: Progress,
    clock: Clock,
) -> AutoResult:
    """The score of the answer on the untouched groups, and its gain over the reference there.

    Args:
        folder: Of this `auto`.
        whole: All data, with the untouched groups as holdout.
        found: The search, where there was one.
        answer: The run that answers.
        members: What it is made of.
        settings: Folders, device and limits.
        progress: Receives progress and notes.
        clock: Minutes so far.
    """
    held = whole.samples.take(whole.folds.holdout_rows)
    reference = members[-1].run if found is None else found.reference_run
    scores = Scores.from_dict(durable.read_json(answer.scores_file))
    made = [predict_untouched(run, held, settings, progress) for run in (answer, reference)]
    own = [
        score_answers(one, held, read_pool(run), metric=scores.main_metric).main
        for one, run in zip(made, (answer, reference), strict=True)
    ]
    sides = [judged_side(one, held, run) for one, run in zip(made, (answer, reference), strict=True)]
    head = made[0].task.main_target
    gain = paired_difference(
        sides[1].probs, sides[0].probs, sides[0].labels, sides[0].groups, scores.main_metric, head, level=_LEVEL
    )
    file = folder.audit_folder / "audit.json"
    findings = durable.read_json(file)["findings"] if file.is_file() else []
    return AutoResult(
        folder,
        answer,
        scores.main_metric,
        own[0],
        scores.main,
        own[1],
        gain,
        len(sides[0].labels),
        len(set(sides[0].groups.tolist())),
        int(np.count_nonzero(whole.folds.fold > HOLDOUT)),
        tuple(members),
        0 if found is None else len(found.trials),
        dict(Counter(one["level"] for one in findings)),
        round(clock.seconds / 60, 2),
        notes=(*folder.read().notes, *([] if found is None else found.notes)),
    )
