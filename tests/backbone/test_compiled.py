"""A compiled forward pass says what the network says, whatever shares the batch, and tells nobody that it ran."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn

from podium.backbone.compiled import Graph
from podium.backbone.frozen_forward import Way, make_forward
from podium.backbone.split_point import as_traceable, find_split_point
from podium.errors import UsageError
from podium.models import Classifier, build_backbone, freeze_blocks
from podium.tables import Head, Task

pytest.importorskip("openvino", reason="the extra `openvino` is not installed")

SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("test_resnet", "test_vit")]
TASK = Task((Head("label", "single", ("a", "b")),))


def draw(n: int, height: int, width: int | None = None) -> Tensor:
    shape = (n, height, width or height, 3)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(n))


@pytest.fixture(scope="module", params=["tiny", *SLOW])
def model(request: pytest.FixtureRequest) -> Classifier:
    torch.manual_seed(0)
    backbone = build_backbone(request.param, "random", 32)
    for module in backbone.module.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.5, 0.5)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 2.0)  # type: ignore[union-attr]
    return Classifier(backbone, TASK).eval()


@pytest.fixture(scope="module")
def graph(model: Classifier) -> Graph:
    return Graph(as_traceable(model, None), draw(8, 32))


@pytest.mark.long
def test_features_are_those_of_the_network_alone_or_among_others(model: Classifier, graph: Graph) -> None:
    run, images = graph.compile("fp32", 1), draw(16, 32)
    with torch.inference_mode():
        wanted = model.features(images)
    found = run(images)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))
    assert torch.equal(run(images[3:8]), found[3:8])
    assert torch.equal(run(images[:1]), found[:1])
    assert torch.equal(run(images.repeat(2, 1, 1, 1)[:19]), found.repeat(2, 1)[:19])


@pytest.mark.long
def test_lower_precision_is_near(model: Classifier, graph: Graph) -> None:
    run, images = graph.compile("bf16", 1, batch=2), draw(8, 32)
    with torch.inference_mode():
        wanted = model.features(images)
    assert torch.cosine_similarity(run(images), wanted, dim=1).min() > 0.97


@pytest.mark.long
@pytest.mark.parametrize("name", ["tiny", "test_efficientnet"])
def test_a_stem_gives_what_passes_the_cut(name: str) -> None:
    torch.manual_seed(0)
    model = Classifier(build_backbone(name, "random", 32), TASK).eval()
    freeze_blocks(model, 1)
    images = draw(4, 32)
    split_point = find_split_point(model, images)
    assert split_point is not None
    run = Graph(as_traceable(model, split_point), images[:2]).compile("fp32", 1)
    with torch.inference_mode():
        wanted = split_point.encode(model, images)
    assert wanted.shape[1:] == split_point.shape
    torch.testing.assert_close(run(images), wanted, rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))


@pytest.mark.long
@pytest.mark.parametrize(("name", "size"), [("tiny", (40, 24)), ("test_vit", (48, 80))])
def test_a_network_of_rectangles_is_compiled_too(name: str, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    model = Classifier(build_backbone(name, "random", size), TASK).to("cpu").eval()
    images = draw(5, *size)
    forward = make_forward(model, None, size, Way("openvino", "fp32"), torch.device("cpu"), 1)
    with torch.inference_mode():
        wanted = model.features(images)
    torch.testing.assert_close(forward(images), wanted, rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))


class Strange(nn.Module):
    """Calls what no converter knows."""

    def forward(self, images: Tensor) -> Tensor:
        return torch.linalg.svdvals(images[..., 0].float())


@pytest.mark.long
def test_a_network_that_cannot_be_compiled_is_refused_in_one_line() -> None:
    with pytest.raises(UsageError, match=r"OpenVINO cannot take this network: .+frozen_engine=torch") as caught:
        Graph(Strange().eval(), draw(2, 8)).compile("fp32", 1)
    assert "\n" not in str(caught.value)


def test_without_openvino_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match=r"podium\[openvino\]"):
        Graph(Strange().eval(), draw(2, 8)).compile("fp32", 1)


@pytest.mark.long
def test_openvinos_telemetry_is_not_imported() -> None:
    code = (
        "import sys, torch; from torch import nn; from podium.backbone.compiled import Graph\n"
        "run = Graph(nn.Flatten(), torch.zeros(1, 2, 2, 3, dtype=torch.uint8)).compile('fp32', 1)\n"
        "print(any(name.split('.')[0] == 'openvino_telemetry' for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"], done.stderr


class FixedBatch(nn.Module):
    """Holds the number of images it was traced with as a constant, as networks with a `len(x)` do."""

    def forward(self, images: Tensor) -> Tensor:
        n = len(images)
        return images.float().reshape(n, -1)[:, :7] * torch.full((n, 1), 2.0)


class FirstOfTwo(nn.Module):
    """Another network for one image than for several, as a trace may be."""

    def forward(self, images: Tensor) -> Tensor:
        features = images.float().mean((1, 2))
        return features if len(images) == 1 else features.flip(0)


@pytest.mark.long
def test_a_network_whose_trace_knows_its_batch_is_traced_with_the_whole_one() -> None:
    images = draw(5, 8)
    run = Graph(FixedBatch().eval(), images).compile("fp32", 1)
    assert torch.equal(run(images), FixedBatch()(images))
    assert torch.equal(run(images[1:3]), FixedBatch()(images[1:3]))


@pytest.mark.long
def test_a_graph_that_says_something_else_than_torch_is_refused() -> None:
    with pytest.raises(UsageError, match=r"and torch get different features"):
        Graph(FirstOfTwo().eval(), draw(4, 8) // torch.arange(1, 5).reshape(4, 1, 1, 1)).compile("fp32", 1)
