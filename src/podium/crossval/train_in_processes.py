"""Train what is left of a run, or of several, in several processes on this machine, as several terminals would."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from podium.advice import call
from podium.crossval.worker import make_request
from podium.errors import Interrupted, PodiumError, Stopped
from podium.launch import run_processes
from podium.listing import count_of, part_of
from podium.machine import Caution, Progress, Settings
from podium.stopping import StopRequest
from podium.store import RunFolder

__all__ = ["train_in_processes"]

_STOPPED = (Stopped.exit_code, Interrupted.exit_code)


def train_in_processes(
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
    """Start the processes that the settings ask for, and see them to their end.

    A stop is passed on to all of them. One that fails stops the others. What one that is killed was training, another
    takes over.

    Args:
        run: A run folder with folds left to train.
        settings: Machine and places; each process uses the number of threads recorded with the run.
        progress: Receives the number of folds done, and the notes of all processes.
        stop: Asked ten times a second.
        only_folds: Folds to train; empty trains all that the run was asked for.
        n_models: Models of a fold: no more processes are started than models are left.
        beside: Other runs, whose folds are trained as well; a process that finds a training taken goes on to another.
        on_trained: With runs beside, told of every training: its `run`, by name, and its `seconds`.

    Raises:
        PodiumError: What made the first process fail; or all of them were killed.
        Stopped: If a signal asked for it; resuming goes on exactly.
    """
    left = [(one, fold) for one in (run, *beside) for fold in one.folds_left(only_folds)]
    n_processes, n_threads = min(settings.processes, len(left) * n_models), run.n_threads
    _note_crowd(n_processes, n_threads, progress)
    worker = replace(settings, processes=1, threads=n_threads)
    heard: dict[str, None] = {}
    errors: list[Mapping[str, Any]] = []

    def hear(message: Mapping[str, Any]) -> None:
        if "error" in message and message["error"]["exit_code"] not in _STOPPED:
            errors.append(message["error"])
        if "note" in message and message["note"] not in heard:  # each process may have the same to say
            heard[message["note"]] = None
            progress.note(Caution(message["note"]) if message.get("is_caution") else message["note"])
        if "seconds" in message:
            on_trained(message)

    runs = [one.path for one in (run, *beside)]
    with progress.stage(f"folds in {count_of(n_processes, 'process')}", len(left)) as update:
        codes = run_processes(
            "podium.crossval.worker",
            [make_request(runs, worker, sorted(only_folds))] * n_processes,
            stop=stop,
            on_message=hear,
            on_look=lambda: update(sum(one.is_fold_done(fold) for one, fold in left)),
        )
    stop.check()
    _raise_first(run, errors, codes, is_done=all(one.is_fold_done(fold) for one, fold in left))
    if killed := [-code for code in codes if code < 0]:
        progress.note(
            Caution(
                f"{part_of(len(killed), n_processes, 'process', 'was', 'were')} killed (signal {killed[0]});"
                " the others took over its work."
            )
        )


def _note_crowd(n_processes: int, n_threads: int, progress: Progress) -> None:
    n_cores = Settings(threads=None).n_threads
    if n_processes * n_threads > n_cores:
        progress.note(
            f"{count_of(n_processes, 'process')} with {count_of(n_threads, 'thread')} each share"
            f" {count_of(n_cores, 'core')}. The number of threads was "
            "recorded when the run was started; the next run can be started with fewer."
        )


def _raise_first(run: RunFolder, errors: list[Mapping[str, Any]], codes: list[int], *, is_done: bool) -> None:
    if errors:
        raise PodiumError.from_dict(errors[0])
    if any(code > 0 and code not in _STOPPED for code in codes):
        raise RuntimeError(f"a process of this run failed with exit codes {codes}; its traceback is above")
    if is_done:
        return
    how = f"Continue with {call('podium.resume', run.name)}."
    if any(code > 0 for code in codes):
        raise Stopped("all processes were stopped; all work up to their last step is kept.", fix=how)
    raise PodiumError(
        f"all {count_of(len(codes), 'process was', 'processes were')} killed (signal {-min(codes)}), perhaps"
        f" because memory ran out.",
        where=run.path,
        fix=f"Use fewer processes. {how}",
    )
