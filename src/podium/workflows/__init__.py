"""What each command does, as a plain function that returns a record. Torch is imported where it is needed, not here."""

from podium.workflows.compose import compose_recipe
from podium.workflows.run import Run, load_run
from podium.workflows.train_and_resume import resume, train

__all__ = ["Run", "compose_recipe", "load_run", "resume", "train"]
