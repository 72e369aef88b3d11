"""The choice of arithmetic and layout: by the clock, among those that agree, asked once, written into the run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from podium import durable
from podium.backbone.frozen_forward import Way, frozen_batch, make_forward
from podium.errors import UsageError
from podium.models import Classifier, build_backbone
from podium.recipe import finetune, resolve_recipe
from podium.tables import Head, Task
from podium.training import autotune, timed_choice
from podium.training.autotune import autotune_recipe
from podium.training.timed_choice import (
    Candidate,
    Choice,
    choose_frozen,
    choose_place,
    choose_training,
    race,
    remembered,
)
from tiny.contest import Notes, make_recipe, make_settings

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
        monkeypatch.setattr(timed_choice, "_clock", self._time)

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


def test_a_frozen_batch_that_does_not_fit_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model().eval()
    images = torch.randint(0, 256, (11, 32, 32, 3), dtype=torch.uint8)
    expected = model.features(images)
    sizes: list[int] = []

    def short(given: torch.Tensor) -> torch.Tensor:
        sizes.append(len(given))
        if len(given) > fits:
            raise torch.OutOfMemoryError("no room")
        return Classifier.features(model, given)

    monkeypatch.setattr(model, "features", short)
    forward = make_forward(model, None, (32, 32), Way("torch", "fp32"), CPU, 1)
    fits = 3
    assert torch.allclose(forward(images), expected, atol=1e-5)
    assert max(size for size in sizes if size <= fits) == 3
    fits = 0
    with pytest.raises(torch.OutOfMemoryError):
        forward(images)


def test_a_trial_on_a_gpu_takes_the_batch_of_the_training() -> None:
    recipe = finetune()
    cuda, large = torch.device("cuda"), recipe.training.model_copy(update={"batch_size": 256})
    assert autotune._measured_batch(recipe, CPU) == timed_choice.BATCH == 16
    assert autotune._measured_batch(recipe.model_copy(update={"training": large}), cuda) == 256
    short = large.model_copy(update={"micro_batch": 64})
    assert autotune._measured_batch(recipe.model_copy(update={"training": short}), cuda) == 64
    assert frozen_batch(cuda) > frozen_batch(CPU)


@pytest.mark.parametrize(("fits", "tried"), [(20, [64, 32, 16]), (0, [64, 32, 16, 8, 4, 2, 1])])
def test_a_trial_that_does_not_fit_takes_fewer_images(
    fits: int, tried: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    task = Task((Head("label", "single", ("a", "b")),))
    recipe = make_recipe("model.freeze=none", "training.precision=auto", "training.layout=auto", preset="finetune")
    recipe = resolve_recipe(recipe, median_side_px=32)
    batches: list[int] = []

    def run(*arguments: Any, batch: int) -> Choice:
        batches.append(batch)
        if batch > fits:
            raise RuntimeError("MPS backend out of memory (no room)")
        return choose_training(*arguments, batch=batch)

    monkeypatch.setattr(autotune, "choose_training", run)
    monkeypatch.setattr(autotune, "_measured_batch", lambda recipe, device: 64)
    settled, trials = autotune_recipe(recipe, task, 500, make_settings(tmp_path), CPU, Notes())
    assert batches == tried
    chosen = {"precision": settled.training.precision, "layout": settled.training.layout}
    assert trials["training"]["chosen"] == chosen
    assert fits or chosen == {"precision": "bf16", "layout": "contiguous"}


def test_another_error_of_a_trial_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    task = Task((Head("label", "single", ("a", "b")),))
    recipe = make_recipe("model.freeze=none", "training.precision=auto", preset="finetune")

    def run(*_arguments: Any, batch: int) -> Choice:
        raise RuntimeError(f"a kernel failed with {batch} images")

    monkeypatch.setattr(autotune, "choose_training", run)
    with pytest.raises(RuntimeError, match="a kernel failed with 16 images"):
        autotune_recipe(resolve_recipe(recipe, median_side_px=32), task, 500, make_settings(tmp_path), CPU, Notes())


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
    monkeypatch.setattr(timed_choice, "_clock", lambda run, _device: (run(), told[ran[-1]])[1])
    found = choose_place(*(partial(ran.append, name) for name in told), CPU)
    assert found == {"chosen": place, "seconds": told}
    assert set(ran) == set(told)


def test_the_trial_of_places_makes_real_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = make_recipe("augmentations=[{kind: horizontal_flip}]", "image.stored_px=40", preset="finetune")
    recipe, model, settings = resolve_recipe(recipe, median_side_px=40), make_model(), make_settings(tmp_path)
    made: list[int] = []

    def choose(*runs: Any) -> dict[str, Any]:
        made.extend(sum(len(batch.images) for batch in run()) for run in runs[1:3])
        runs[0]()
        return {"chosen": "device", "seconds": {}}

    monkeypatch.setattr(autotune, "choose_place", choose)
    assert autotune._try_places(recipe, model, 100, settings, CPU)["chosen"] == "device"
    assert made == [4 * timed_choice.BATCH, 4 * timed_choice.BATCH]
    assert all(parameter.grad is not None for parameter in model.heads.parameters())
    autotune._try_places(recipe, model, 100, settings, CPU)
    assert len(made) == 2  # remembered

    def fail(*_runs: Any) -> dict[str, Any]:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(autotune, "choose_place", fail)
    other = make_settings(tmp_path / "other")
    assert autotune._try_places(recipe, model, 100, other, CPU) == {"chosen": "cpu", "seconds": {}}
    monkeypatch.setattr(autotune, "choose_place", choose)  # memory that a neighbour took is not remembered
    assert autotune._try_places(recipe, model, 100, other, CPU)["chosen"] == "device"


@pytest.mark.parametrize("freeze", ["none", "blocks", "backbone"])
def test_a_trial_sees_images_of_the_recipes_height_and_width(
    freeze: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"model.freeze={freeze}", *(f"{part}=auto" for part in ("training.precision", "model.frozen_precision"))]
    lines += ["image.size_px=[40,24]", "image.stored_px=[46,28]", "model.frozen_engine=auto"]
    preset = "baseline" if freeze == "backbone" else "finetune"
    recipe = resolve_recipe(make_recipe(*lines, *BLOCK_LINES[freeze], preset=preset), median_side_px=32)
    seen: set[tuple[int, ...]] = set()
    features = Classifier.features

    def note(self: Classifier, images: torch.Tensor) -> torch.Tensor:
        if not self.takes_block_output:
            seen.add(tuple(map(int, images.shape[1:])))
        return features(self, images)

    monkeypatch.setattr(Classifier, "features", note)
    task, settings = Task((Head("label", "single", ("a", "b")),)), make_settings(tmp_path)
    settings.cache_folder.mkdir(parents=True)
    settled, measured = autotune_recipe(recipe, task, 2000, settings, CPU, Notes())
    assert seen == {(40, 24, 3)}
    assert ("training" in measured) == (freeze != "backbone")
    assert ("frozen" in measured) == (freeze != "none")
    assert settled.image == recipe.image


BLOCK_LINES = {"blocks": ("model.frozen_blocks=1",), "none": (), "backbone": ()}


def test_places_are_tried_with_images_of_the_recipes_height_and_width(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = make_recipe("image.size_px=[40,24]", "image.stored_px=[46,28]", preset="finetune")
    recipe = resolve_recipe(recipe, median_side_px=40)

    def choose(*runs: Any) -> dict[str, Any]:
        for run in runs[1:3]:
            assert {tuple(batch.images.shape[1:]) for batch in run()} == {(40, 24, 3)}
        runs[0]()
        return {"chosen": "device", "seconds": {}}

    monkeypatch.setattr(autotune, "choose_place", choose)
    assert autotune._try_places(recipe, make_model(), 100, make_settings(tmp_path), CPU)["chosen"] == "device"


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
