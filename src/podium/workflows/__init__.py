"""What each command does, as a plain function that returns a record. Torch is imported where it is needed, not here."""

from podium.dataset import FoldOptions, Source, read_source, save_scan
from podium.machine import Progress, Settings, Silent
from podium.workflows.run import Run, compose_recipe, load_run, resume, train

__all__ = [
    "FoldOptions",
    "Progress",
    "Run",
    "Settings",
    "Silent",
    "Source",
    "compose_recipe",
    "load_run",
    "read_source",
    "resume",
    "save_scan",
    "train",
]
