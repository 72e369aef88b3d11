"""What is left of a run as one array job of a cluster: a task for each training, and the last one gathers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium.crossval.training_task import TrainingTask, make_tasks
from podium.launch.cluster_jobs import check_words, run_until_asked, submit_array
from podium.listing import count_of
from podium.machine import Caution, Progress, Settings
from podium.machine.gpus import find_gpus
from podium.store import RunFolder

__all__ = ["SlurmTask", "send_to_slurm"]


@dataclass(frozen=True)
class SlurmTask:
    """A training inside a job; submitit calls it.

    Args:
        training: The training.
    """

    training: TrainingTask

    def __call__(self) -> bool:
        """Train; gives whether the run is finished."""
        return bool(run_until_asked(self.training.carry_out))

    def checkpoint(self) -> Any:
        """What submitit puts back into the queue: the same task, for the run folder knows how far it is."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def send_to_slurm(
    run: RunFolder, settings: Settings, progress: Progress, *, only_folds: Collection[int] = (), n_models: int = 1
) -> list[str]:
    """Hand the trainings that are left to the batch system that the settings name, and leave them to it.

    Args:
        run: A run folder that all nodes see under the same path.
        settings: Machine and places; their `slurm` is what is asked for.
        progress: Receives the ids of the jobs.
        only_folds: Folds to train; empty trains all that the run was asked for.
        n_models: Models of a fold.

    Returns:
        The id of each job.

    Raises:
        UsageError: If there is no such batch system, or a wish of `slurm` is wrong.
        PodiumError: If it refuses the job.
    """
    given = check_words(settings.slurm)
    tasks = [SlurmTask(task) for task in make_tasks(run, settings, only_folds, n_models)]
    folder = run.path.resolve() / "slurm"
    jobs = submit_array(tasks, folder, given, name=f"podium-{run.name}")
    _say(progress, given, jobs, folder)
    return jobs


def _say(progress: Progress, given: dict[str, Any], jobs: list[str], folder: Path) -> None:
    where = "SLURM" if given["cluster"] == "slurm" else "processes of this machine"
    progress.note(
        f"{count_of(len(jobs), 'training')} handed to {where}: jobs {jobs[0]} to {jobs[-1]}; the last one scores the "
        f"run. What they print is in {folder}."
    )
    if given.get("gpus_per_node") and not find_gpus():
        progress.note(
            Caution(
                "Precision and layout of this run were settled here, where no GPU is, and its trainings ask for one. "
                "Give training.precision=bf16 when you start it, or start it on a node with a GPU."
            )
        )
