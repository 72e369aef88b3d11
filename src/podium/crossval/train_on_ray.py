"""What is left of a run, or of several, as tasks of a Ray cluster, each of them one training."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from podium.crossval.training_task import count_models, make_tasks
from podium.launch.ray_tasks import run_on_ray
from podium.listing import count_of
from podium.machine import Progress, Settings
from podium.stopping import StopRequest
from podium.store import RunFolder

__all__ = ["train_on_ray"]


def train_on_ray(
    run: RunFolder,
    settings: Settings,
    progress: Progress,
    stop: StopRequest,
    *,
    only_folds: Collection[int] = (),
    n_models: int = 1,
    beside: Sequence[RunFolder] = (),
    on_trained: Callable[[Mapping[str, Any]], None] = lambda _message: None,
) -> None:
    """Have Ray train what is left of a run, and see it to its end.

    Args:
        run: A run folder that all workers see under the same path.
        settings: Machine and places; their `ray` says which cluster.
        progress: Receives the number of folds done.
        stop: Passed on to the workers.
        only_folds: Folds to train; empty trains all that the run was asked for.
        n_models: Models of a fold.
        beside: Other runs, whose folds are trained as well.
        on_trained: Told of every training: its `run`, by name, and its `seconds`.

    Raises:
        UsageError: If there is no such cluster.
        PodiumError: What made the first training fail, or the cluster was lost.
        Stopped: If a signal asked for it; resuming goes on exactly.
    """
    tasks = make_tasks(run, settings, only_folds, n_models)
    tasks += [task for one in beside for task in make_tasks(one, settings, only_folds, count_models(one))]
    left = {(task.run, task.fold): task for task in tasks}.values()
    with progress.stage(f"{count_of(len(tasks), 'training')} on Ray", len(left)) as update:
        run_on_ray(
            [task.take for task in tasks],
            settings.ray,
            n_cpus=max(one.n_threads for one in (run, *beside)),
            on_gpu=settings.device != "cpu",
            stop=stop,
            on_look=lambda: update(sum(task.is_done for task in left)),
            on_answer=lambda answer: None if answer is None else on_trained(answer),
        )
