"""Who computes a frozen forward pass: as the recipe says where that can be, else torch, and the user is told."""

from __future__ import annotations

import pytest
import torch

from podium.backbone import frozen_forward
from podium.backbone.frozen_forward import Way, frozen_batch, make_forward, recorded_way
from podium.models import Classifier, build_backbone
from podium.tables import Head, Task
from tiny.contest import Notes, make_recipe

CPU, GPU = torch.device("cpu"), torch.device("cuda")
OPENVINO = ("model.frozen_engine=openvino", "model.frozen_precision=bf16")


@pytest.mark.parametrize(
    ("device", "is_installed", "found", "why"),
    [
        (CPU, True, Way("openvino", "bf16"), None),
        (CPU, False, Way("torch", "fp32"), "which is not installed here"),
        (GPU, True, Way("torch", "fp32"), "which does not run on cuda"),
    ],
)
def test_openvino_is_used_on_a_cpu_that_has_it(
    device: torch.device, is_installed: bool, found: Way, why: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen_forward, "has_openvino", lambda: is_installed)
    notes = Notes()
    assert recorded_way(make_recipe(*OPENVINO), device, notes) == found
    assert [why in line for line in notes.notes] == ([] if why is None else [True])


def test_torch_is_taken_as_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen_forward, "has_openvino", lambda: False)
    for precision in ("fp32", "bf16"):
        notes = Notes()
        recipe = make_recipe(f"model.frozen_precision={precision}")
        assert recorded_way(recipe, CPU, notes) == Way("torch", precision)
        assert notes.notes == []


def test_a_gpu_takes_more_images_at_a_time() -> None:
    assert frozen_batch(CPU) < frozen_batch(GPU)


def make_model() -> Classifier:
    torch.manual_seed(0)
    return Classifier(build_backbone("tiny", "random", 32), Task((Head("label", "single", ("a", "b")),)))


@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-6), ("bf16", 0.05)])
def test_torch_gives_the_features_of_the_model(precision: str, tolerance: float) -> None:
    model = make_model().eval()
    images = torch.randint(0, 256, (5, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found = make_forward(model, None, (32, 32), Way("torch", precision), CPU, 1)(images)
        torch.testing.assert_close(found.float(), model.features(images), rtol=tolerance, atol=tolerance)


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
