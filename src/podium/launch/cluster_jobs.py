"""Tasks handed to a batch system by submitit, one array job, and stopped between two steps when it takes the node back.

SLURM is what it is for; `cluster=local` runs the same tasks as processes of this machine, to try it out.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from podium.errors import PodiumError, Stopped, UnknownNameError, UsageError
from podium.machine.extras import import_extra

__all__ = ["check_words", "run_until_asked", "submit_array"]

CLUSTERS = ("slurm", "local")
_ASKED = tuple(getattr(signal, name) for name in ("SIGUSR1", "SIGUSR2") if hasattr(signal, name))
_OFTEN = 10_000
"""A job that is put back so often has a problem of its own."""


def check_words(words: Sequence[str]) -> dict[str, Any]:
    """What the batch system is asked for, as submitit's parameters.

    Args:
        words: KEY=VALUE: submitit's own (timeout_min, cpus_per_task, gpus_per_node, mem_gb, nodes), or sbatch's
            (partition, qos, account, constraint, array_parallelism ...); cluster=local for no SLURM.

    Raises:
        UsageError: If submitit is missing, a word is no KEY=VALUE, a key is unknown, no time is given, or no SLURM is
            on this machine.
    """
    import_extra("submitit", "slurm")
    pairs = [word.partition("=") for word in words]
    bad = next((word for word, (_, equals, value) in zip(words, pairs, strict=True) if not (equals and value)), None)
    if bad is not None:
        raise UsageError(
            f"{bad!r} is not KEY=VALUE.", field="slurm", fix="Write, for example, partition=gpu timeout_min=240."
        )
    given = {key: _read(value) for key, _, value in pairs}
    cluster = str(given.setdefault("cluster", "slurm"))
    if cluster not in CLUSTERS:
        raise UnknownNameError("cluster", cluster, CLUSTERS, field="slurm")
    for key in given:
        _check_key(key)
    if not {"timeout_min", "time"} & set(given):
        raise UsageError(
            "no time is given, and submitit would ask for 5 minutes.",
            field="slurm",
            fix="Add timeout_min=240, say: a training that needs longer goes on exactly after the next start.",
        )
    if cluster == "slurm" and not all(map(shutil.which, ("sbatch", "srun"))):
        raise _no_slurm("sbatch and srun are not on the PATH")
    return given


def _no_slurm(why: str) -> UsageError:
    fix = "Start it on a login node of the cluster, or try it with cluster=local."
    return UsageError(f"there is no SLURM on this machine: {why}.", field="slurm", fix=fix)


def _read(value: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def _check_key(key: str) -> None:
    own, sbatch = _known_keys()
    if key not in {"cluster", *own, *sbatch}:
        raise UnknownNameError("key", key, sorted({"cluster", *own, *sbatch}), field="slurm")


def _known_keys() -> tuple[set[str], set[str]]:
    from submitit import AutoExecutor, SlurmExecutor

    return set(AutoExecutor._valid_parameters()), set(SlurmExecutor._valid_parameters())


def submit_array(tasks: Sequence[Callable[[], Any]], folder: Path, given: dict[str, Any], *, name: str) -> list[str]:
    """Hand tasks to the batch system; gives the id of each job.

    Args:
        tasks: Called without arguments on some node each; they are pickled, so their module must be there too.
        folder: Where submitit keeps the tasks and what they print.
        given: What `check_words` gave.
        name: Name of the jobs.

    Raises:
        UsageError: If there is no such batch system here.
        PodiumError: If it refuses the job; says its reason.
    """
    import submitit
    from submitit.core.utils import FailedJobError

    cluster, own = given["cluster"], _known_keys()[0]
    wanted = {
        key if key in own else f"slurm_{key}": value
        for key, value in ({"name": name} | given).items()
        if key != "cluster"
    }
    wanted["slurm_additional_parameters"] = {"requeue": True}
    often = {"slurm_max_num_timeout": _OFTEN, "local_max_num_timeout": _OFTEN}
    try:
        executor = submitit.AutoExecutor(folder=folder, cluster=cluster, **often)
        executor.update_parameters(**wanted)
        with executor.batch():
            jobs = [executor.submit(task) for task in tasks]
    except (FailedJobError, OSError, AssertionError, NameError, ValueError) as problem:
        lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
        raise PodiumError(
            f"the batch system did not take the job: {lines[-1] if lines else problem}.",
            where=folder,
            fix="Correct the option `slurm`; the run is kept, resume it with the option.",
        ) from problem
    except RuntimeError as problem:
        raise _no_slurm(str(problem).splitlines()[0].rstrip(".?")) from problem
    return [str(job.job_id) for job in jobs]


def run_until_asked(work: Callable[[], Any]) -> Any:
    """Do a task's work inside a job; a signal that takes the node back stops it between two steps, with a checkpoint.

    SLURM's warning (SIGUSR1 or SIGUSR2, which submitit listens for) puts the job back into the queue, and the same task
    goes on exactly. SIGTERM, of `scancel` or of a preemption that SLURM itself puts back, ends the process with 75.

    Args:
        work: Listens for SIGTERM itself, as every training does, and raises Stopped.
    """
    before = {number: signal.getsignal(number) for number in _ASKED}
    asked: list[int] = []

    def ask(number: int, _frame: Any) -> None:
        asked.append(number)
        os.kill(os.getpid(), signal.SIGTERM)

    listened = [number for number, handler in before.items() if callable(handler)]
    for number in listened:
        signal.signal(number, ask)
    try:
        return work()
    except Stopped as stopped:
        if not asked:
            sys.exit(stopped.exit_code)
    finally:
        for number in listened:
            signal.signal(number, before[number])
    putting_back = before[asked[0]]
    assert callable(putting_back)
    return putting_back(asked[0], None)  # submitit's: keeps the task, puts the job back, ends the process
