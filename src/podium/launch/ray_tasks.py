"""Tasks carried out by Ray's workers, on this machine or a cluster, and seen to their end."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from podium.errors import PodiumError, Stopped, UsageError
from podium.machine.extras import import_extra
from podium.stopping import StopRequest

__all__ = ["check_ray", "run_on_ray"]

LOCAL = "local"
_LOOK_S = 0.5
_LEAVE_S = 60.0
"""Seconds that a training has for its checkpoint once a stop is asked for."""
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray would report its use to its makers
    "RAY_raylet_start_wait_time_s": "300",  # on a busy machine its start takes longer than its makers thought
    "RAY_DISABLE_IMPORT_WARNING": "1",
}
Answer = dict[str, Any]


def check_ray() -> Any:
    """The module of Ray.

    Raises:
        UsageError: If it is not installed; names the extra.
    """
    os.environ.update(_QUIET)
    return import_extra("ray", "ray")


def run_on_ray(
    tasks: Sequence[Callable[[], Any]],
    address: str,
    *,
    n_cpus: int,
    on_gpu: bool,
    stop: StopRequest,
    on_look: Callable[[], None] = lambda: None,
    on_answer: Callable[[Any], None] = lambda _answer: None,
) -> None:
    """Carry out tasks, as many at a time as the cluster has room for. A worker that is lost is replaced.

    Args:
        tasks: Called without arguments in a worker each; pickled, so their module must be there too.
        address: "local" starts Ray on this machine, for the length of this process; "auto" or HOST:PORT joins one.
        n_cpus: Cores of a task.
        on_gpu: Whether a task takes a GPU, where the cluster has any.
        stop: A stop asked for is passed on; each training leaves a checkpoint.
        on_look: Called twice a second.
        on_answer: Called with what a task gave, in the order in which they end.

    Raises:
        UsageError: If there is no such cluster.
        PodiumError: What made the first task fail; the others are stopped. Or the cluster was lost.
        Stopped: If a stop was asked for.
    """
    ray = check_ray()
    _connect(ray, address, n_cpus)
    try:
        gpus = float(on_gpu and ray.cluster_resources().get("GPU", 0) > 0)
        remote = ray.remote(num_cpus=n_cpus, num_gpus=gpus, max_retries=-1)(_answer)
        left = [remote.remote(task) for task in tasks]
        error: Answer | None = None
        while left and not stop.is_made and error is None:
            done, left = ray.wait(left, timeout=_LOOK_S)
            answers = ray.get(done)
            error = next((answer for answer in answers if "error" in answer), None)
            for answer in answers:
                if "value" in answer:
                    on_answer(answer["value"])
            on_look()
        _take_leave(ray, left)
    except ray.exceptions.RayError as problem:
        raise PodiumError(
            f"the Ray cluster was lost: {_first_line(problem)}.",
            fix="Resume the run when it is back: trainings go on from their last checkpoints.",
        ) from problem
    if error is not None:
        raise PodiumError.from_dict(error["error"])
    stop.check()


def _connect(ray: Any, address: str, n_cpus: int) -> None:
    if ray.is_initialized():
        return
    quiet = {"log_to_driver": False, "configure_logging": False}
    try:
        if address == LOCAL:
            ray.init(include_dashboard=False, num_cpus=max(n_cpus, os.cpu_count() or 1), **quiet)
        else:
            ray.init(address, **quiet)
    except Exception as problem:  # Ray raises whatever its parts raise
        raise UsageError(
            f"no Ray cluster answers at {address!r}: {_first_line(problem)}.",
            field="ray",
            fix="Start one by the command ray start on its head, give HOST:PORT of its head, or use local.",
        ) from problem


def _answer(task: Callable[[], Any]) -> Answer:
    """In the worker: errors as data, for not every one survives being pickled."""
    try:
        return {"value": task()}
    except Stopped:
        return {"stopped": True}
    except PodiumError as error:
        return {"error": error.to_dict()}


def _take_leave(ray: Any, left: list[Any]) -> None:
    """Ask tasks to stop, and wait for their checkpoints; Ray asks as Ctrl-C does."""
    for reference in left:
        ray.cancel(reference, force=False)
    if left:
        ray.wait(left, num_returns=len(left), timeout=_LEAVE_S)


def _first_line(problem: BaseException) -> str:
    lines = str(problem).strip().splitlines() or [type(problem).__name__]
    return lines[0].rstrip(".")
