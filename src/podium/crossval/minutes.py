"""Minutes that a training may take, as a clock that runs."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from podium.advice import option
from podium.errors import UsageError

if TYPE_CHECKING:
    from podium.recipe import Overrides
    from podium.store import StepRecord

__all__ = ["TimeBudget", "check_length_is_open"]


@dataclass(frozen=True)
class TimeBudget:
    """Minutes that a run may take, from now.

    Args:
        minutes: How many.
        least_epochs: Epochs below which the run is not worth a start.
        spent_s: Seconds of them that are spent or reserved already.
        step: What the run is in a plan of several, for its record; see `podium.store.StepRecord`.
        started: Clock at their start.

    Raises:
        UsageError: If they are not more than 0.
    """

    minutes: float
    least_epochs: int = 1
    spent_s: float = 0.0
    step: StepRecord | None = None
    started: float = field(default_factory=lambda: time.monotonic())

    def __post_init__(self) -> None:
        if not 0 < self.minutes < math.inf:
            raise UsageError(f"expected a number above 0, got {self.minutes}.", field="minutes")

    @property
    def seconds_left(self) -> float:
        """Seconds until they are over; below 0 afterwards."""
        return 60 * self.minutes - self.used_s

    @property
    def used_s(self) -> float:
        """Seconds that are spent or reserved."""
        return self.spent_s + time.monotonic() - self.started


def check_length_is_open(overrides: Overrides | None) -> None:
    """Raise UsageError if the epochs are given beside the minutes that they are planned for."""
    from podium.recipe import override_keys

    if overrides is not None and "training.epochs" in override_keys(overrides):
        raise UsageError(
            f"training.epochs is planned for {option('minutes')}, so both cannot be given.",
            field="minutes",
            fix="Leave one of them out. A recipe file's epochs are only where the plan starts from.",
        )
