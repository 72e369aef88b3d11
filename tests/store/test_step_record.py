"""A run says which step of a plan it is, and damage is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from podium.errors import CorruptFileError
from podium.store import RunFolder, Rung, StepRecord, create_run, read_step, steps_after

PLAN = StepRecord(5.0, name="mine", ladder=(Rung("quick", 3, 1.0, {"seed": 1}),))


def start(root: Path, name: str, step: StepRecord | None) -> RunFolder:
    record = {"folds": [0], **({} if step is None else {"step": step.to_dict()})}
    return create_run(root, name, record)


def test_later_steps_are_found_in_their_order(tmp_path: Path) -> None:
    first = start(tmp_path, "mine-baseline", PLAN)
    start(tmp_path, "other", None)
    later = [start(tmp_path, name, StepRecord(5.0, 60.0, first=first.name)) for name in ("mine-quick", "mine")]
    assert read_step(first) == PLAN
    assert read_step(RunFolder(tmp_path / "other")) is None
    assert [run.name for run in steps_after(first)] == [run.name for run in later]
    assert steps_after(later[0]) == []


@pytest.mark.parametrize("damage", [{"minutes": 5}, {"ladder": [{"name": "quick"}], "minutes": 5}, [1]])
def test_damage_is_named(tmp_path: Path, damage: object) -> None:
    run = start(tmp_path, "x", PLAN)
    record = json.loads(run.run_file.read_text())
    run.run_file.write_text(json.dumps(record | {"step": damage}))
    with pytest.raises(CorruptFileError, match="step"):
        read_step(run)
