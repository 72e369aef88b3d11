"""A failing callback is reported once and left out; the others go on."""

from __future__ import annotations

import pytest

from podium.callbacks import Callback, Callbacks


class Recorder:
    def __init__(self) -> None:
        self.seen: list[object] = []

    def on_step(self, *arguments: object) -> None:
        self.seen.append(arguments)


class Failing(Recorder):
    def on_step(self, *arguments: object) -> None:
        super().on_step(*arguments)
        raise RuntimeError("the disk of the tracker is full")


def test_a_failing_callback_is_reported_once_and_left_out() -> None:
    first, failing, last, lines = Recorder(), Failing(), Recorder(), []
    callbacks = Callbacks([first, failing, last], lines.append)
    for step in range(3):
        callbacks.emit("on_step", step)
    assert first.seen == last.seen == [(0,), (1,), (2,)]
    assert failing.seen == [(0,)]
    assert len(lines) == 1
    assert all(word in lines[0] for word in ("Failing", "on_step", "RuntimeError", "disk of the tracker"))


def test_a_method_that_is_missing_is_not_called() -> None:
    Callbacks([Recorder(), object()]).emit("on_epoch", 1)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_ctrl_c_is_no_failure_of_a_callback(error: type[BaseException]) -> None:
    class Interrupted(Callback):
        def on_step(self, *_arguments: object) -> None:
            raise error

    with pytest.raises(error):
        Callbacks([Interrupted()]).emit("on_step", None, None)


def test_no_callbacks_are_false() -> None:
    assert not Callbacks()
    assert Callbacks([Callback()])
