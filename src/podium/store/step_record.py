"""What a run is in a plan for minutes: one of its steps. The first one also knows what is to follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podium.errors import CorruptFileError
from podium.store.run_folder import RunFolder, list_runs

__all__ = ["Rung", "StepRecord", "read_step", "steps_after"]


@dataclass(frozen=True)
class Rung:
    """What may be trained after the first step.

    Args:
        name: A preset's, or "wide".
        least_epochs: Epochs below which the next one is the better use of the time.
        share: Of the seconds that are left, the share that it may take.
        recipe: The recipe with the user's changes, as data.
    """

    name: str
    least_epochs: int
    share: float
    recipe: Mapping[str, Any]


@dataclass(frozen=True)
class StepRecord:
    """The field `step` of run.json.

    Args:
        minutes: Minutes of the whole plan.
        used_s: Seconds of them that were used before this step began.
        name: What the answer is to be called; None counts on.
        first: Name of the first step's run; None in that run itself.
        rung: Name of the rung of the ladder that a later step is; None for the answer.
        ladder: What may follow, the best first; of the first step only.
    """

    minutes: float
    used_s: float = 0.0
    name: str | None = None
    first: str | None = None
    rung: str | None = None
    ladder: tuple[Rung, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return self.__dict__ | {"ladder": [dict(rung.__dict__) for rung in self.ladder]}


def read_step(run: RunFolder) -> StepRecord | None:
    """What a run is in a plan; None where it is in none.

    Raises:
        CorruptFileError: If the record is damaged.
    """
    record = run.read().get("step")
    if record is None:
        return None
    try:
        return StepRecord(**{**record, "ladder": tuple(Rung(**rung) for rung in record["ladder"])})
    except (TypeError, KeyError) as problem:
        raise CorruptFileError(
            f"the field 'step' is not the step of a plan ({problem}).", where=run.run_file, fix="Restore the file."
        ) from None


def steps_after(first: RunFolder) -> list[RunFolder]:
    """The later runs of a plan, in the order in which they were started; of the first one's folder of runs."""
    found = []
    for run in list_runs(first.path.parent):
        step = read_step(run)
        if step is not None and step.first == first.name:
            found.append(run)
    return found
