"""What each command does, as a plain function that returns a record. Torch is imported where it is needed, not here."""

from podium.workflows.fold_options import FoldOptions
from podium.workflows.progress import Progress, Silent
from podium.workflows.run import Run, compose_recipe, load_run, resume, train
from podium.workflows.settings import Settings
from podium.workflows.sources import Source, read_source, save_scan

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
