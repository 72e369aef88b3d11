"""Grad-CAM is captum's on a convolutional network, pytorch-grad-cam's on a vision transformer, and the paper's sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from podium.explain import (
    Layer,
    capture,
    choose_method,
    find_layers,
    finest_grid,
    gradcam,
    gradcam_plus_plus,
    hirescam,
    make_maps,
)
from podium.explain.capture import score_of
from podium.models import Backbone, Classifier
from podium.models.build_backbone import build_backbone
from podium.models.depths import read_depths
from podium.tables import Head, Task

TASK = Task((Head("kind", "single", ("a", "b", "c")), Head("tags", "multi", ("x", "y"))))
CLASSES = torch.tensor([2, 0, 1])
MAPS = {"gradcam": gradcam, "gradcam++": gradcam_plus_plus, "hirescam": hirescam}


def build(name: str, size: tuple[int, int]) -> Classifier:
    torch.manual_seed(0)
    return Classifier(build_backbone(name, "random", size), TASK).eval()


def draw(height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (3, height, width, 3), generator=generator, dtype=torch.uint8)


class OneHead(nn.Module):
    """Normalised images to the logits of one head, as other libraries want a network."""

    def __init__(self, model: Classifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.model.classify(self.model.backbone(pixels))["kind"]


def slow(activations: torch.Tensor, gradients: torch.Tensor, method: str) -> np.ndarray[Any, Any]:
    """The papers' sums, channel by channel and place by place, in float64."""
    a, g = activations.double().numpy(), gradients.double().numpy()
    out = np.zeros((len(a), *a.shape[2:]))
    for n in range(len(a)):
        for c in range(a.shape[1]):
            if method == "hirescam":
                out[n] += a[n, c] * g[n, c]
                continue
            weight, total = 0.0, a[n, c].sum()
            for i, j in np.ndindex(*a.shape[2:]):
                d = g[n, c, i, j]
                if method == "gradcam":
                    weight += d / a[n, c].size
                elif d != 0:
                    weight += max(d, 0) * d**2 / (2 * d**2 + total * d**3)
            out[n] += weight * a[n, c]
    return out


@pytest.mark.parametrize("method", list(MAPS))
def test_each_method_is_the_papers_sum(method: str) -> None:
    generator = torch.Generator().manual_seed(2)
    activations, gradients = torch.randn(2, 2, 5, 3, 4, generator=generator)
    gradients[:, 1] = 0
    found = MAPS[method](activations, gradients).numpy()
    np.testing.assert_allclose(found, slow(activations, gradients, method), rtol=2e-3, atol=1e-4)


def test_a_captured_gradient_is_the_slope_of_the_score() -> None:
    model, images = build("tiny", (32, 48)).double(), draw(32, 48)
    layers = find_layers(model, images, "kind")
    ((activations, gradients),) = capture(model, images, layers, score_of("kind", CLASSES))
    step, place = 1e-6, (1, 3, 2, 4)

    def score(shift: float) -> float:
        moved = activations.clone()
        moved[place] += shift
        handle = model.backbone.get_submodule(layers[0].module).register_forward_hook(lambda *_: moved)
        with torch.inference_mode():
            found = score_of("kind", CLASSES)(model(images))[place[0]]
        handle.remove()
        return float(found)

    assert float(gradients[place]) == pytest.approx((score(step) - score(-step)) / (2 * step), rel=1e-5)


def test_captum_draws_the_same_of_a_convolutional_network() -> None:
    attr = pytest.importorskip("captum.attr")
    model, images = build("test_resnet", (64, 96)), draw(64, 96)
    layers = find_layers(model, images, "kind")
    theirs = attr.LayerGradCam(OneHead(model), model.backbone.get_submodule(layers[0].module))
    wanted = theirs.attribute(model.normalise(images), target=CLASSES, relu_attributions=True)[:, 0]
    found = make_maps(model, images, layers, "kind", CLASSES, "gradcam")
    assert found.max() > 0
    np.testing.assert_allclose(found, wanted.detach().numpy(), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("method", "name"), [("gradcam", "GradCAM"), ("gradcam++", "GradCAMPlusPlus"), ("hirescam", "HiResCAM")]
)
def test_pytorch_grad_cam_draws_the_same_of_a_vision_transformer(method: Any, name: str) -> None:
    theirs = pytest.importorskip("pytorch_grad_cam")
    targets = pytest.importorskip("pytorch_grad_cam.utils.model_targets")
    model, images = build("test_vit", (160, 160)).double(), draw(160, 160)
    with torch.no_grad():  # they add 1e-6 below a fraction of squared gradients
        next(iter(model.heads.layers.values())).weight.mul_(1e6)
    layers = find_layers(model, images, "kind")
    module = model.backbone.get_submodule(layers[0].module)
    pixels, wanted_classes = model.normalise(images), [targets.ClassifierOutputTarget(c) for c in CLASSES.tolist()]
    cam = getattr(theirs, name)(OneHead(model), [module], reshape_transform=layers[0].as_grid)
    cam(pixels, wanted_classes)
    (activations,), (gradients,) = (
        [values.numpy() for values in kept]
        for kept in (cam.activations_and_grads.activations, cam.activations_and_grads.gradients)
    )
    wanted = np.maximum(cam.get_cam_image(pixels, module, wanted_classes, activations, gradients, False), 0)
    found = make_maps(model, images, layers, "kind", CLASSES, method)
    assert found.max() > 0
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3 * wanted.max())


@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_network_that_looks_at_one_quarter_has_its_map_there(corner: tuple[int, int]) -> None:
    class Quarter(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.map = nn.Conv2d(3, 4, 4, stride=4)

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            rows, columns = (slice(4 * side, 4 * side + 4) for side in corner)
            return self.map(pixels).abs()[:, :, rows, columns].mean(dim=(2, 3))

    half = (0.5, 0.5, 0.5)
    model = Classifier(Backbone("quarter", Quarter(), 4, half, half, "random"), TASK).eval()
    images = draw(32, 32)
    layers = (Layer("map", (2, 3), 0, (8, 8)),)
    maps = make_maps(model, images, layers, "kind", CLASSES, "hirescam")
    inside = maps.reshape(3, 2, 4, 2, 4).sum(axis=(2, 4))[:, corner[0], corner[1]]
    np.testing.assert_allclose(inside, maps.sum(axis=(1, 2)), rtol=1e-5)


def test_heads_on_mean_and_spread_are_explained_in_full() -> None:
    """Mean and standard deviation scale with their maps, so activation times gradient sums to the logit they make."""
    backbone = read_depths(build_backbone("tiny", "random"), [3], ("mean", "std"), (32, 32))
    model, images = Classifier(backbone, TASK).eval(), draw(32, 32)
    layers = find_layers(model, images, "kind")
    assert layers[0].module == "network.stage2"
    assert choose_method(model) == "hirescam"
    ((activations, gradients),) = capture(model, images, layers, score_of("kind", CLASSES))
    with torch.inference_mode():
        logits = model(images)["kind"].gather(1, CLASSES[:, None])[:, 0]
    torch.testing.assert_close((activations * gradients).sum(dim=(1, 2, 3)), logits, rtol=1e-3, atol=1e-5)
    # What comes from the spread has no mean gradient: Grad-CAM sees the mean's part alone.
    features = backbone.module(model.normalise(images))
    weights = next(iter(model.heads.layers.values())).weight
    mean_part = (features[:, :16] * weights[CLASSES][:, :16]).sum(dim=1)
    seen = (gradients.mean(dim=(2, 3), keepdim=True) * activations).sum(dim=(1, 2, 3))
    torch.testing.assert_close(seen, mean_part.detach(), rtol=1e-3, atol=1e-5)


def test_several_depths_add_up_to_the_logit() -> None:
    """Each depth has what it gives to the head itself; nothing counts twice."""
    backbone = read_depths(build_backbone("tiny", "random"), [1, 2, 3], ("mean", "std"), (32, 32))
    model, images = Classifier(backbone, TASK).eval(), draw(32, 32)
    layers = find_layers(model, images, "kind")
    found = capture(model, images, layers, score_of("kind", CLASSES))
    assert [values.shape[2:] for values, _ in found] == [(16, 16), (8, 8), (4, 4)]
    assert finest_grid(layers) == (16, 16)
    with torch.inference_mode():
        logits = model(images)["kind"].gather(1, CLASSES[:, None])[:, 0]
    total = torch.stack([(values * slopes).sum(dim=(1, 2, 3)) for values, slopes in found]).sum(dim=0)
    torch.testing.assert_close(total, logits, rtol=1e-3, atol=1e-5)
    assert make_maps(model, images, layers, "kind", CLASSES, "hirescam").shape == (3, 16, 16)
