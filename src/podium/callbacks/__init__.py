"""Callbacks: a user's own code that follows a run, and can neither change nor stop it."""

from podium.callbacks.callback import Callback, EpochInfo, RunInfo, StepInfo, TrainingInfo
from podium.callbacks.dispatch import Callbacks

__all__ = ["Callback", "Callbacks", "EpochInfo", "RunInfo", "StepInfo", "TrainingInfo"]
