"""A frozen backbone that is ready for many calls says the same of few images as of many, by either engine."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from podium.backbone.compiled import Graph
from podium.backbone.frozen_backbone import FEW, FrozenBackbone
from podium.models import Classifier
from podium.recipe import build_backbone_of
from podium.tables import Samples
from tiny.contest import Notes, make_recipe

Contest = Callable[[str], Samples]
CPU = torch.device("cpu")


@pytest.mark.long
@pytest.mark.parametrize("engine", ["torch", pytest.param("openvino", marks=pytest.mark.slow)])
def test_few_images_and_many_have_the_same_features(
    engine: str, contest: Contest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == "openvino":
        pytest.importorskip("openvino", reason="the extra `openvino` is not installed")
    sizes: list[object] = []
    compile_graph = Graph.compile

    def compile_noted(graph: Graph, *args: object, **options: object) -> object:
        sizes.append(options["batch"])
        return compile_graph(graph, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Graph, "compile", compile_noted)
    task = contest("single").task
    assert task is not None
    recipe = make_recipe(f"model.frozen_engine={engine}")
    frozen = FrozenBackbone(recipe, build_backbone_of(recipe), task, CPU, 1, Notes())
    images = torch.randint(0, 256, (FEW, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        wanted = Classifier(build_backbone_of(recipe), task).eval().features(images)
        for n in (FEW, FEW - 1, 1):
            for few in (False, True, True):
                found = frozen.features(images[:n], few=few)
                torch.testing.assert_close(found, wanted[:n], atol=1e-4, rtol=1e-4)
    assert sizes == ([] if engine == "torch" else [16, 1]), "each graph is compiled once, and only when it is needed"
    assert frozen.digest == frozen.digest
