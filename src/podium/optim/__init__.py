"""Optimizers by name, and learning-rate schedules as pure functions of the step."""

from podium.optim.optimizers import build_optimizer
from podium.optim.schedules import (
    constant,
    cosine,
    cosine_restarts,
    cyclic,
    exponential,
    multi_step,
    one_cycle,
    plateau,
    polynomial,
    step_decay,
    warm_up,
)

__all__ = [
    "build_optimizer",
    "constant",
    "cosine",
    "cosine_restarts",
    "cyclic",
    "exponential",
    "multi_step",
    "one_cycle",
    "plateau",
    "polynomial",
    "step_decay",
    "warm_up",
]
