"""Training and predicting from Python leave the process as it was."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from podium.machine import allocator
from podium.tables import Samples
from podium.workflows import resume, train
from tiny.contest import make_recipe, make_settings


@pytest.mark.slow
def test_threads_memory_signals_and_environment_stay(
    contest: Callable[[str], Samples], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def state() -> tuple[object, ...]:
        handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        names = {name for name in os.environ if not name.startswith("TORCH")}  # torch sets some of its own
        return torch.get_num_threads(), handlers, names, torch.get_rng_state().tolist()

    def fail(*_: object) -> None:
        raise AssertionError("the allocator of the whole process was changed")

    monkeypatch.setattr(allocator, "keep_freed_memory", fail)
    settings = make_settings(tmp_path, threads=2)
    import matplotlib.pyplot  # noqa: F401 - what it sets in the environment is not ours

    before = state()
    run = train(contest("single"), recipe=make_recipe(), folds=2, only_folds=[0], settings=settings)
    assert state() == before
    resume(run.name, only_folds=[1], settings=settings)
    assert state() == before
    run.predict(contest("single"))
    assert state() == before
