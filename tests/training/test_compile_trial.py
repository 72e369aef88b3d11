from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from podium.models import Classifier, build_backbone
from podium.recipe import check_buildable, resolve_recipe
from podium.tables import Head, Task
from podium.training import autotune_trials, compile_trial
from podium.training.autotune import autotune_recipe
from podium.training.compile_trial import is_shorter, try_compiled
from podium.training.timed_choice import Candidate
from tiny.contest import Notes, make_recipe, make_settings

CPU = torch.device("cpu")
TASK = Task((Head("label", "single", ("a", "b")),))


@pytest.mark.long
@pytest.mark.parametrize(("n_steps", "chosen"), [(100, "none"), (1000, "inductor")])
def test_compiling_counts(n_steps: int, chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter([1.0] * compile_trial.ROUNDS + [60.0] + [0.5] * compile_trial.ROUNDS)

    def time_run(_run: Callable[[], object], _device: torch.device) -> float:
        return next(told)

    monkeypatch.setattr(compile_trial, "time_run", time_run)
    model = Classifier(build_backbone("tiny", "random", 32), TASK)
    images = torch.zeros(4, 32, 32, 3, dtype=torch.uint8)
    found = try_compiled(model, images, Candidate("fp32", "contiguous"), CPU, n_steps=n_steps)
    assert found["chosen"] == chosen
    assert found["seconds"] == {"none": 1.0, "inductor": 0.5, "compiling": 60.0}
    assert not is_shorter(plain_s=1.0, compiled_s=1.1, compile_s=0.0, n_steps=10**9)


@pytest.mark.parametrize(
    ("reproducible", "devices", "chosen"),
    [(False, ("cpu",), "inductor"), (True, ("cpu",), "none"), (False, autotune_trials.COMPILED_ON, "none")],
)
def test_autotune_tries_it_where_it_may_pay(
    reproducible: bool, devices: tuple[str, ...], chosen: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def choose(*_given: Any, **_more: Any) -> dict[str, Any]:
        return {"chosen": "inductor", "seconds": {}, "images": 16}

    monkeypatch.setattr(autotune_trials, "WORTH_TRYING_S", 0.0)
    monkeypatch.setattr(autotune_trials, "COMPILED_ON", devices)
    monkeypatch.setattr(autotune_trials, "try_compiled", choose)
    recipe = make_recipe("model.freeze=none", "training.precision=auto", "training.layout=auto", preset="finetune")
    recipe = resolve_recipe(recipe, median_side_px=32)
    _, model = check_buildable(recipe, TASK)
    settings = make_settings(tmp_path, reproducible=reproducible)
    settled, _ = autotune_recipe(recipe, model, 5000, settings, CPU, Notes())
    assert settled.training.compile == chosen
