"""What `podium split` shows: every fold in a row whose columns stand under each other, the notes, the leak check."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from podium.dataset import FoldOptions
from podium.tables import Samples
from podium.workflows.prepare import prepare
from podium.workflows.split import SplitSummary
from tiny.contest import make_recipe, make_settings

Contest = Callable[[str], Samples]


def test_folds_notes_and_leaks_are_shown_and_the_record_is_json(contest: Contest, tmp_path: Path) -> None:
    how = FoldOptions(folds=3, split_seed=4, split_method="stratified", allow_leaks=("same_group",))
    prepared = prepare(contest("single"), folds=how, recipe=make_recipe(), settings=make_settings(tmp_path))
    shown = SplitSummary(prepared)
    head, blank, *rows = shown.lines()
    assert head == f"3 folds by stratified, seed 4, digest {prepared.folds.digest[:12]}"
    assert blank == ""
    table = rows[: rows.index("")]
    sizes = [int(np.sum(prepared.folds.fold == fold)) for fold in range(3)]
    cells = [[cell.strip() for cell in row.split("  ") if cell.strip()] for row in table]
    assert [str(n) in row for n, row in zip(sizes, cells[1:4], strict=True)] == [True] * 3
    assert len({len(row) for row in table}) == 1, "columns stand under each other"
    assert rows[len(table) + 1 : -1] == list(prepared.summary.notes)
    assert rows[-1] == f"leak check: {prepared.leaks.verdict}"
    assert "Accepted: same_group" in rows[-1]
    record = json.loads(json.dumps(shown.to_dict(), allow_nan=False))
    assert (record["method"], record["digest"]) == ("stratified", prepared.folds.digest)
    assert record["leaks"]["accepted"] == ["same_group"]
