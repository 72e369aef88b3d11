"""A failing callback is reported once and left out; the others go on."""

from __future__ import annotations

import pytest
import torch

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


def test_what_a_callback_sets_for_all_of_torch_ends_with_it() -> None:
    def look() -> tuple[object, ...]:
        precise = torch.get_float32_matmul_precision(), torch.are_deterministic_algorithms_enabled()
        return torch.get_num_threads(), torch.is_grad_enabled(), torch.get_default_dtype(), *precise

    class Careless(Recorder):
        def on_step(self, *_arguments: object) -> None:
            torch.set_num_threads(torch.get_num_threads() + 1)
            torch.set_grad_enabled(False)
            torch.set_default_dtype(torch.float64)
            torch.set_float32_matmul_precision("medium")
            torch.use_deterministic_algorithms(True)
            self.seen.append(look())
            if len(self.seen) == 2:
                raise RuntimeError("and fails")

    careless, before = Careless(), look()
    callbacks = Callbacks([careless])
    for step in range(3):
        callbacks.emit("on_step", step)
        assert look() == before
    assert len(careless.seen) == 2
    assert all(mine != theirs for mine, theirs in zip(careless.seen[0], before, strict=True))


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
