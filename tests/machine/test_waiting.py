"""Waiting for another process: a stop ends it, and one note says who is waited for."""

from __future__ import annotations

import signal
from contextlib import AbstractContextManager

import pytest

from podium.errors import LockedError, Stopped
from podium.machine import Silent, say_while_waiting, waiting
from podium.machine.progress import Update
from podium.stopping import StopRequest

PROBLEM = LockedError("this folder is in use by process 7.", where="runs/mine", fix="Wait for it to end.")


class Notes:
    def __init__(self) -> None:
        self.notes: list[str] = []

    def stage(self, title: str, total: int) -> AbstractContextManager[Update]:
        return Silent().stage(title, total)

    def note(self, line: str) -> None:
        self.notes.append(line)


def test_a_short_wait_is_silent_and_a_long_one_has_one_note(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(waiting.time, "monotonic", lambda: now[0])
    progress = Notes()
    wait = say_while_waiting("the features", progress)
    wait(PROBLEM)
    assert progress.notes == []
    for now[0] in (103.0, 104.0, 200.0):
        wait(PROBLEM)
    assert progress.notes == [
        "Waiting for the features. runs/mine: this folder is in use by process 7. Wait for it to end."
    ]


def test_a_stop_ends_the_wait() -> None:
    stop = StopRequest()
    wait = say_while_waiting("the features", Silent(), stop)
    wait(PROBLEM)
    stop.signal = signal.SIGTERM
    with pytest.raises(Stopped):
        wait(PROBLEM)
