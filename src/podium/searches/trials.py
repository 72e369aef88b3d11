"""All trials of a search, in this process or in several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from podium.dataset.prepared import Prepared, load_prepared
from podium.errors import Interrupted, PodiumError, Stopped
from podium.launch import run_processes
from podium.listing import count_of
from podium.machine import Caution, Progress, Settings
from podium.searches.clock import Clock
from podium.searches.folder import SearchFolder
from podium.searches.work import Worker, open_search
from podium.searches.worker import search_request
from podium.stopping import StopRequest, listen_for_stop
from podium.tables import HOLDOUT

__all__ = ["run_trials", "size_ratio", "trial_data"]

_STOPPED = (Stopped.exit_code, Interrupted.exit_code)


def trial_data(folder: SearchFolder) -> Prepared:
    """What trials are trained on: the proxy, or all images."""
    return load_prepared(folder.data_folder if folder.read().proxy is None else folder.proxy_folder)


def size_ratio(folder: SearchFolder) -> float:
    """How many times as many images as a trial's there are, the untouched ones left out."""
    whole = load_prepared(folder.data_folder)
    return float(np.count_nonzero(whole.folds.fold > HOLDOUT)) / max(1, len(trial_data(folder)))


def run_trials(folder: SearchFolder, settings: Settings, progress: Progress) -> None:
    """Try recipes until trials, minutes or the space are used up; other processes may do so at the same time.

    Raises:
        PodiumError: If the first start cannot be trained.
        Stopped: If a signal asked for it; the same call goes on exactly.
    """
    with listen_for_stop() as stop:
        if settings.processes > 1:
            _run_in_processes(folder, settings, progress, stop)
            return
        searching = open_search(folder)
        clock = Clock(folder, searching.record.minutes)
        worker = Worker(searching, trial_data(folder), settings, progress, clock, size_ratio(folder), stop)
        try:
            worker.work()
        finally:
            clock.keep()


def _run_in_processes(folder: SearchFolder, settings: Settings, progress: Progress, stop: StopRequest) -> None:
    worker = replace(settings, processes=1, threads=settings.n_threads)
    heard: dict[str, None] = {}
    errors: list[Mapping[str, Any]] = []

    def hear(message: Mapping[str, Any]) -> None:
        if "error" in message and message["error"]["exit_code"] not in _STOPPED:
            errors.append(message["error"])
        if "note" in message and message["note"] not in heard:
            heard[message["note"]] = None
            progress.note(Caution(message["note"]) if message.get("is_caution") else message["note"])

    open_search(folder)  # the journal is made once
    request = search_request(folder.path, worker)
    codes = run_processes("podium.searches.worker", [request] * settings.processes, stop=stop, on_message=hear)
    stop.check()
    if errors:
        raise PodiumError.from_dict(errors[0])
    if any(code > 0 and code not in _STOPPED for code in codes):
        raise RuntimeError(f"a process of this search failed with exit codes {codes}; its traceback is above")
    if killed := [-code for code in codes if code < 0]:
        progress.note(Caution(f"{count_of(len(killed), 'process was', 'processes were')} killed (signal {killed[0]})."))
        if len(killed) == len(codes):
            raise PodiumError(
                "all processes of this search were killed.", where=folder.path, fix="Use fewer, and go on with it."
            )
