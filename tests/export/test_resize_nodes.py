"""Resizing inside a graph beside the code that a run resizes with, in both engines."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from podium.deployed.engines import ENGINES, open_session
from podium.export.nodes import Nodes
from podium.export.resize_nodes import Resizing, add_resizing
from podium.images import CutCentre, Fit, store_as

SIZES = [(36, 40), (97, 111), (300, 400), (751, 1000), (200, 1500), (64, 48), (1, 1), (5, 300)]


def make_graph(how: Resizing) -> bytes:
    nodes = Nodes()
    output = add_resizing(nodes, "images", how)
    given = helper.make_tensor_value_info("images", TensorProto.UINT8, ["batch", "height", "width", 3])
    made = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes.nodes, "resize", [given], [made], nodes.constants)
    opset = [helper.make_opsetid("", 18)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString())


def draw(height: int, width: int) -> np.ndarray:
    """Noise, waves and edges, a channel each."""
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(0).integers(0, 256, (height, width))
    waves, edges = (np.sin(y / 9) * np.cos(x / 13) + 1) * 127, ((y // 7 + x // 5) % 2) * 255
    return np.stack([noise, waves, edges], axis=2).astype(np.uint8)


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("fit", ["stretch", "pad", "crop"])
def test_no_pixel_is_more_than_a_level_away(fit: Fit, engine: str) -> None:
    how = Resizing(64, 48, fit)
    ask = open_session(make_graph(how), engine, n_threads=1)  # type: ignore[arg-type]
    for size in SIZES:
        image = draw(*size)
        (found,) = ask(np.stack([image, image[::-1]])).values()
        for row, shown in enumerate((image, image[::-1])):
            wanted = store_as(np.ascontiguousarray(shown), (64, 48), fit).astype(float)
            assert np.abs(found[row] - wanted).max() <= 1, size
            assert np.abs(found[row] - wanted).mean() < 0.5, size


@pytest.mark.slow
def test_a_centre_is_cut_before_and_a_smaller_image_stays_whole() -> None:
    ask = open_session(make_graph(Resizing(32, 32, cut=(80, 60))), "onnxruntime", n_threads=1)
    for size in [(300, 41), (100, 100), (50, 40)]:
        (found,) = ask(draw(*size)[None]).values()
        wanted = store_as(draw(*size), (32, 32), "stretch", [CutCentre((80, 60))])
        assert np.abs(found[0] - wanted.astype(float)).max() <= 1


def test_a_flat_image_stays_flat() -> None:
    ask = open_session(make_graph(Resizing(16, 16)), "onnxruntime", n_threads=1)
    for level in (0, 77, 255):
        (found,) = ask(np.full((1, 333, 517, 3), level, np.uint8)).values()
        assert set(found.ravel().tolist()) == {float(level)}
