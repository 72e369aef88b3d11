"""The choice of arithmetic and layout: by the clock, among those that agree, asked once, written into the run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch

from podium import durable
from podium.backbone.frozen_forward import Way
from podium.errors import UsageError
from podium.models import Classifier, build_backbone
from podium.tables import Head, Task
from podium.training import timed_choice
from podium.training.timed_choice import (
    Candidate,
    choose_frozen,
    choose_place,
    choose_training,
    race,
    remembered,
)

CPU = torch.device("cpu")
FP32, BF16, OTHER = (
    Candidate("fp32", "channels_last"),
    Candidate("bf16", "channels_last"),
    Candidate("fp32", "contiguous"),
)


class Clock:
    """Gives each candidate the seconds it is said to take, and counts its turns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: dict[Candidate, list[float]]) -> None:
        self.turns = dict.fromkeys(seconds, 0)
        self._seconds: dict[Candidate, Iterator[float]] = {c: iter(s) for c, s in seconds.items()}
        self._running: Candidate | None = None
        monkeypatch.setattr(timed_choice, "time_run", self._time)

    def _time(self, run: object, _device: torch.device) -> float:
        assert self._running is not None
        self.turns[self._running] += 1
        return next(self._seconds[self._running])

    def decide(self, taken: dict[Candidate, float] | None = None) -> timed_choice.Choice:
        def prepare(candidate: Candidate) -> None:
            self._running = candidate

        return race({candidate: lambda: None for candidate in self.turns}, CPU, prepare=prepare, taken=taken)


def test_the_fastest_wins_by_its_best_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, {FP32: [1.0, 1.1, 9.0] * 9, BF16: [5.0, 0.8, 0.9] * 9})
    choice = clock.decide()
    assert choice.chosen == FP32  # after its first turn the other one looked hopeless
    assert clock.turns == {FP32: 1, BF16: 1}
    choice = Clock(monkeypatch, {FP32: [1.0, 1.1, 9.0] * 9, BF16: [1.2, 0.8, 0.9] * 9}).decide()
    assert choice.chosen == BF16
    assert choice.seconds == {str(FP32): 1.0, str(BF16): 0.8}


def test_a_difference_that_may_be_noise_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, {FP32: [1.0] * 9, BF16: [0.98] * 9, OTHER: [0.99] * 9}).decide().chosen == FP32
    assert Clock(monkeypatch, {FP32: [1.0] * 9, BF16: [0.98] * 9, OTHER: [0.96] * 9}).decide().chosen == OTHER


def make_model() -> Classifier:
    torch.manual_seed(0)
    return Classifier(build_backbone("tiny", "random", 32), Task((Head("label", "single", ("a", "b")),)))


def test_every_candidate_is_really_run() -> None:
    model = make_model()
    seen: list[tuple[torch.dtype, bool]] = []

    def look(_module: object, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        seen.append((output.dtype, inputs[0].is_contiguous(memory_format=torch.channels_last)))

    first = next(module for module in model.modules() if isinstance(module, torch.nn.Conv2d))
    first.register_forward_hook(look)
    candidates = [Candidate(p, layout) for layout in ("channels_last", "contiguous") for p in ("fp32", "bf16")]
    images = {n: torch.randint(0, 256, (n, 32, 32, 3), dtype=torch.uint8) for n in (4, 16)}
    choice = choose_training(model, images.__getitem__, CPU, candidates)
    assert choice.chosen in candidates
    assert set(seen) == {(dtype, last) for dtype in (torch.float32, torch.bfloat16) for last in (True, False)}


def test_a_single_candidate_needs_no_clock() -> None:
    images = {n: torch.randint(0, 256, (n, 32, 32, 3), dtype=torch.uint8) for n in (4, 16)}
    choice = choose_training(make_model(), images.__getitem__, CPU, [OTHER])
    assert choice.to_dict() == {
        "chosen": {"precision": "fp32", "layout": "contiguous"},
        "seconds": {"fp32 contiguous": None},
    }


def test_a_way_whose_features_differ_or_that_cannot_be_used_is_not_taken() -> None:
    exact, far, near, gone = (Way("torch", "fp32"), Way("torch", "bf16"), Way("openvino", "fp32"), Way("x", "fp32"))
    features = make_model().features(torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8)).detach()

    def fail() -> torch.Tensor:
        raise UsageError("not on this machine")

    runs = {exact: lambda: features, far: lambda: -features, near: lambda: features + 1e-5, gone: fail}
    assert list(choose_frozen(runs, CPU).seconds) == [str(exact), str(near)]
    alone = choose_frozen({exact: lambda: features, far: lambda: features * torch.nan}, CPU)
    assert alone.to_dict() == {"chosen": {"engine": "torch", "precision": "fp32"}, "seconds": {"torch fp32": None}}


def test_what_is_slow_at_its_first_turn_gets_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, {FP32: [1.0] * 9, BF16: [0.4] * 9, OTHER: [0.5] * 9})
    choice = clock.decide({FP32: 1.0, BF16: 0.5, OTHER: 0.5})
    assert choice.chosen == BF16
    assert choice.seconds == {str(FP32): 1.0, str(BF16): 0.4, str(OTHER): 0.5}
    assert clock.turns[FP32] == 0
    assert clock.turns[BF16] == clock.turns[OTHER] > 1


@pytest.mark.parametrize(
    ("training", "on_cpu", "on_device", "place"),
    [
        (1.0, 0.5, 0.2, "cpu"),  # the CPU keeps up: the device would only lose time
        (1.0, 1.1, 0.2, "cpu"),  # waiting a little is still faster
        (1.0, 1.22, 0.2, "cpu"),  # the difference may be noise
        (1.0, 3.0, 0.2, "device"),
        (1.0, 3.0, 2.5, "cpu"),
    ],
)
def test_images_are_made_where_an_epoch_is_over_first(
    training: float, on_cpu: float, on_device: float, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"training": training, "cpu": on_cpu, "device": on_device}
    ran: list[str] = []
    monkeypatch.setattr(timed_choice, "time_run", lambda run, _device: (run(), told[ran[-1]])[1])
    found = choose_place(*(partial(ran.append, name) for name in told), CPU)
    assert found == {"chosen": place, "seconds": told}
    assert set(ran) == set(told)


def test_an_answer_is_remembered_for_the_same_question_only(tmp_path: Path) -> None:
    asked: list[int] = []

    def measure() -> dict[str, int]:
        asked.append(1)
        return {"n": len(asked)}

    assert remembered(tmp_path, {"model": "a"}, measure) == {"n": 1}
    assert remembered(tmp_path, {"model": "a"}, measure) == {"n": 1}
    assert remembered(tmp_path, {"model": "b"}, measure) == {"n": 2}
    for path in tmp_path.glob("*.json"):
        path.write_text("torn {")
    assert remembered(tmp_path, {"model": "a"}, measure) == {"n": 3}
    assert remembered(tmp_path, {"model": "a"}, measure) == {"n": 3}
    durable.remove_tree(tmp_path)
