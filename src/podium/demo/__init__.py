"""The data of `podium demo`: one small contest a task, shipped with the package or drawn on the spot.

Every data set is laid out as a contest gives it, with the test answers in a file apart, so that a demo can put the
honest prediction of its own score beside the truth.
"""

from podium.demo.prepare import TASKS, prepare
from podium.demo.record import DemoData

__all__ = ["TASKS", "DemoData", "prepare"]
