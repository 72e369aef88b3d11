"""All trials, in the order of the promises."""

from __future__ import annotations

from . import (
    crash_points,
    damage,
    derived,
    entry,
    foreign,
    foreign_links,
    full_disk,
    images,
    kills,
    matrix,
    names,
    numbers,
    pixels,
    serving,
    starters,
    stops,
    tables,
    together,
    workers,
)
from .trial import Trial

__all__ = ["ALL"]

ALL: tuple[Trial, ...] = (
    *kills.TRIALS,  # R1
    *crash_points.TRIALS,  # R2
    *full_disk.TRIALS,  # R3
    *damage.TRIALS,  # R4
    *stops.TRIALS,  # R5
    *matrix.TRIALS,  # R6
    *starters.TRIALS,  # R7
    *workers.TRIALS,  # R8
    *numbers.TRIALS,  # R9
    *images.TRIALS,  # R10
    *pixels.TRIALS,  # R11
    *names.TRIALS,  # R12
    *tables.TRIALS,  # R13
    *foreign.TRIALS,  # R14
    *entry.TRIALS,  # R15
    *serving.TRIALS,  # R16
    *derived.TRIALS,  # R17
    *foreign_links.TRIALS,  # R18
    *together.TRIALS,  # R20
)
