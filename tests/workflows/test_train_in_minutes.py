"""T23: without a preset, a baseline whose score stands, then the best that there is time for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from podium.metrics import paired_difference
from podium.store import list_runs
from podium.tables import Samples
from podium.training.rehearsal import Rehearsal
from podium.training.time_plan import Speeds
from podium.workflows import Run, time_budget, train_in_minutes
from podium.workflows.compare import compare_folders
from podium.workflows.train_and_resume import train
from tiny.contest import TINY, Notes, make_settings

Contest = Callable[[str], Samples]
KEPT = ("model.name", "model.weights", "image", "training.precision")
LINES = [line for line in TINY if line.startswith(KEPT)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("train_s", "preset", "refusals", "second"),
    [(0.0, "strong", 0, "strong"), (0.1, "shorter", 1, "finetune"), (0.1, "quick", 3, None), (9.0, "shorter", 2, None)],
)
def test_what_there_is_time_for_is_trained_on_the_same_folds(
    contest: Contest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    train_s: float,
    preset: str,
    refusals: int,
    second: str | None,
) -> None:
    def rehearse(recipe: object, *given: object) -> Rehearsal:
        is_frozen = recipe.model.freeze == "backbone"  # type: ignore[attr-defined]
        return Rehearsal(Speeds(0.0, 0.0 if is_frozen else train_s, 0.0), view_bytes=100)

    monkeypatch.setattr(time_budget, "rehearse", rehearse)
    monkeypatch.setattr(time_budget, "MOST_TIMES", 1)
    if preset == "shorter":  # the tiny network has too few blocks for quick
        monkeypatch.setattr(train_in_minutes, "LADDER", (("finetune", 8), ("finetune", 2)))
    notes, settings = Notes(), make_settings(tmp_path)
    best = train(
        contest("attributes"), overrides=LINES, folds=2, minutes=0.6, name="x", settings=settings, progress=notes
    )
    runs = list_runs(settings.runs)
    assert [run.name for run in runs] == ["x-baseline", *([f"x-{second}"] if second else [])]
    assert all(run.is_finished for run in runs)
    refused = [note for note in notes.notes if note.startswith("Not trained")]
    assert len(refused) == refusals
    assert all("epochs would take about" in note or "cannot freeze 6 blocks" in note for note in refused)
    if len(runs) == 1:
        assert best.name == "x-baseline"
        return
    told = [note for note in notes.notes if "Difference" in note]
    assert len(told) == 1
    found = compare_folders([[run] for run in runs]).main.arms[0]
    assert str(found.verdict) in told[0]
    assert best.name == runs[1 if found.difference.value > 0 else 0].name
    first, other = (Run(run, settings) for run in runs)
    assert first.folds.digest == other.folds.digest
    assert first.samples.task is not None
    head = first.samples.task.main_target
    a, b = first.oof, other.oof
    assert np.array_equal(a.ids, b.ids)
    rows = first.samples.rows_of(a.ids)
    labels, groups = first.samples.target_labels(head.name)[rows], first.samples.group_keys[rows]
    expected = paired_difference(a.probs[head.name], b.probs[head.name], labels, groups, first.scores.main_metric, head)
    assert (found.difference, found.verdict) == (expected.difference, expected.verdict)
