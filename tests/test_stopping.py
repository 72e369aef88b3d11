"""Signals become a request that is honoured between two steps, and the handlers of before come back."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from podium.errors import Interrupted, Stopped
from podium.stopping import StopRequest, listen_for_stop


@pytest.mark.parametrize(
    ("number", "error", "code"),
    [(signal.SIGTERM, Stopped, 75), (signal.SIGHUP, Stopped, 75), (signal.SIGINT, Interrupted, 130)],
)
def test_a_signal_is_noted_and_honoured_when_asked(number: int, error: type[Stopped], code: int) -> None:
    with listen_for_stop() as stop:
        stop.check()
        os.kill(os.getpid(), number)
        assert stop.is_made
        with pytest.raises(error, match=r"podium\.resume") as caught:
            stop.check()
    assert (type(caught.value), caught.value.exit_code) == (error, code)


@pytest.mark.parametrize(("number", "error"), [(signal.SIGTERM, Stopped), (signal.SIGINT, Interrupted)])
def test_a_signal_that_comes_after_the_last_question_is_honoured_at_the_end(number: int, error: type[Stopped]) -> None:
    before = signal.getsignal(number)
    with pytest.raises(error, match=r"podium\.resume"), listen_for_stop():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_an_ignored_signal_stays_ignored(number: int) -> None:
    """As `nohup` asks for with SIGHUP, and a shell for the SIGINT of what runs in its background."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with listen_for_stop() as stop:
            os.kill(os.getpid(), number)
            assert not stop.is_made
        assert signal.getsignal(number) == signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_a_second_ctrl_c_ends_at_once() -> None:
    with listen_for_stop() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert stop.is_made


def test_the_handlers_of_before_come_back_also_after_an_error() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(ValueError, match="x"), listen_for_stop():
        raise ValueError("x")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_another_thread_trains_without_signals() -> None:
    made = []

    def work() -> None:
        with listen_for_stop() as stop:
            made.append(stop.is_made)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert made == [False]


def test_watched_items_end_where_the_stop_is_asked_for() -> None:
    stop = StopRequest()
    items = stop.watch(range(5))
    assert [next(items), next(items)] == [0, 1]
    stop.signal = signal.SIGTERM
    with pytest.raises(Stopped):
        next(items)
    assert list(StopRequest().watch("ab")) == ["a", "b"]
