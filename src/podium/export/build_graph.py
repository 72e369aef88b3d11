"""A run's models as one ONNX graph: uint8 images of any size in, probabilities and answers out."""

from __future__ import annotations

import io
import logging
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch.overrides import TorchFunctionMode

from podium.errors import UsageError
from podium.export.answering import AnsweringNetwork, output_names
from podium.export.ensemble_network import EnsembleNetwork
from podium.export.nodes import Nodes
from podium.export.resize_nodes import Resizing, add_resizing
from podium.images import CutCentre, ToGrey, height_and_width
from podium.recipe import Recipe

__all__ = [
    "INPUT",
    "LEAST_OPSET",
    "MOST_OPSET",
    "Preparation",
    "build_front",
    "build_graph",
    "check_opset",
    "prepare_in_graph",
]

INPUT = "images"
_BETWEEN = "podium_pixels"
LEAST_OPSET, MOST_OPSET = 18, 22
"""Below 18 a reduction takes its axes otherwise; above 22 OpenVINO does not read every operator yet (2026-12)."""
_TRACED = 11
"""Images of the batch that is traced: a number that few other sides have."""
_MOST_BYTES = 2 * 10**9
_FRONT_IR = 9


@dataclass(frozen=True)
class Preparation:
    """What of a recipe's preparation is inside the graph.

    Args:
        takes_any_size: Whether images of any size are resized inside; else they come prepared.
        reason: Why not.
        is_grey: Whether the graph removes the colour.
        cut: Height and width of the centre that it cuts out first.
    """

    takes_any_size: bool
    reason: str = ""
    is_grey: bool = False
    cut: tuple[int, int] | None = None


def prepare_in_graph(recipe: Recipe) -> Preparation:
    """What a graph can do of a recipe's preparation."""
    steps, stored = recipe.image.preprocessing, recipe.image.stored_sides
    outside = [step.kind for step in steps if not isinstance(step, CutCentre | ToGrey)]
    if outside:
        reason = f"{', '.join(outside)} cannot be written as a graph, so whoever asks the model does it before"
        return Preparation(False, reason)
    cuts = [height_and_width(step.size_px) for step in steps if isinstance(step, CutCentre)]
    cut = (min(side[0] for side in cuts), min(side[1] for side in cuts)) if cuts else None
    if cut is not None and (cut[0] < stored[0] or cut[1] < stored[1]):
        reason = "the centre that is cut out is smaller than the model's images, so a graph cannot tell both apart"
        return Preparation(False, reason)
    return Preparation(True, is_grey=any(isinstance(step, ToGrey) for step in steps), cut=cut)


def check_opset(opset: int) -> None:
    """Raise UsageError unless a graph can be written in this version of ONNX's operators."""
    if not LEAST_OPSET <= opset <= MOST_OPSET:
        raise UsageError(
            f"opset {opset} cannot be written; there are {LEAST_OPSET} to {MOST_OPSET}.",
            field="opset",
            fix=f"Leave it out for {LEAST_OPSET}, which every runtime of the last years reads.",
        )


def build_graph(network: AnsweringNetwork | EnsembleNetwork, recipe: Recipe, opset: int = LEAST_OPSET) -> bytes:
    """The graph as bytes. Its input `images` is uint8 (N, H, W, 3), its outputs are those of `output_names`.

    An image that already has the size in which the run stores images is taken as it is.

    Args:
        network: The models, in evaluation mode.
        recipe: Their recipe.
        opset: Version of ONNX's operators.

    Raises:
        UsageError: If the network has an operation that ONNX lacks, or is too large for one file.
    """
    stored = recipe.image.stored_sides
    core = _convert(network, stored, opset)
    front = _front(recipe, prepare_in_graph(recipe), opset, core.ir_version)
    merged = onnx.compose.merge_models(front, core, io_map=[(_BETWEEN, _BETWEEN)])
    merged.producer_name = "podium"
    del merged.opset_import[:]  # one of each half, and some tools refuse two
    merged.opset_import.append(helper.make_opsetid("", opset))
    if merged.ByteSize() > _MOST_BYTES:
        raise UsageError(
            f"the models have {merged.ByteSize():,} bytes, and one ONNX file holds {_MOST_BYTES:,}.",
            fix="Export the model on all images (podium refit), or a smaller one that was distilled.",
        )
    onnx.checker.check_model(merged)
    return bytes(merged.SerializeToString())


def build_front(recipe: Recipe, opset: int = LEAST_OPSET) -> bytes | None:
    """The part from images to stored pixels, float32 (N, height, width, 3); None where images come prepared."""
    preparation = prepare_in_graph(recipe)
    if not preparation.takes_any_size:
        return None
    return bytes(_front(recipe, preparation, opset, _FRONT_IR).SerializeToString())


def _convert(network: AnsweringNetwork | EnsembleNetwork, stored: tuple[int, int], opset: int) -> Any:
    """The network from stored images on."""
    pixels = torch.randint(0, 256, (_TRACED, *stored, 3), generator=torch.Generator().manual_seed(0)).float()
    names = output_names(network.task)
    file = io.BytesIO()
    with _quiet(), _ConstantSides(), torch.no_grad():
        try:
            torch.onnx.export(
                network.eval(),
                (pixels,),
                file,  # type: ignore[arg-type]  # the exporter of traces takes a file object
                input_names=[_BETWEEN],
                output_names=list(names),
                opset_version=opset,
                dynamic_axes={_BETWEEN: {0: "batch"}, **{name: {0: "batch"} for name in names}},
                dynamo=False,
            )
        except Exception as problem:  # one of a dozen kinds, from the tracer and the checks
            reason = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
            raise UsageError(f"this network cannot be written as ONNX: {reason}") from problem
    return onnx.load_from_string(file.getvalue())


class _ConstantSides(TorchFunctionMode):
    """Sides of feature maps are numbers in the graph and not computed there; only the batch stays free.

    ONNX Runtime then merges "same" padding into the convolution, which halves the time of an EfficientNet-Lite0.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        is_shape = getattr(func, "__name__", "") in ("size", "__get__") and isinstance(found, tuple)
        if not is_shape or len(found) != 4:
            return found
        return (found[0], *(side if int(side) == _TRACED else int(side) for side in found[1:]))


class _quiet:  # noqa: N801 - reads as a statement
    """Without the tracer's warnings: what it warns of, a size that becomes a constant, is meant here."""

    def __enter__(self) -> None:
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        warnings.simplefilter("ignore")
        self._logger, self._level = logging.getLogger("torch.onnx"), logging.getLogger("torch.onnx").level
        self._logger.setLevel(logging.ERROR)

    def __exit__(self, *problem: Any) -> None:
        self._logger.setLevel(self._level)
        self._warnings.__exit__(*problem)


def _front(recipe: Recipe, preparation: Preparation, opset: int, ir_version: int) -> Any:
    """From images to stored pixels."""
    height, width = recipe.image.stored_sides
    nodes = Nodes()
    sides: list[Any] = ["batch", height, width, 3]
    if preparation.takes_any_size:
        sides[1:3] = ["height", "width"]
        pixels = _resized_where_needed(nodes, recipe, preparation)
    else:
        pixels = nodes.cast(INPUT, "float32")
    pixels = nodes.reshape(pixels, -1, height, width, 3)
    if preparation.is_grey:
        pixels = _grey(nodes, pixels)
    nodes.add("Identity", pixels, to=_BETWEEN)
    graph = helper.make_graph(
        nodes.nodes,
        "podium",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, sides)],
        [helper.make_tensor_value_info(_BETWEEN, TensorProto.FLOAT, ["batch", height, width, 3])],
        nodes.constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)


def _resized_where_needed(nodes: Nodes, recipe: Recipe, preparation: Preparation) -> str:
    """Float pixels of the stored size: those that came, or the resized ones.

    Either is computed on no images. An `If` would read better, but after one OpenVINO 2026.4 computes depthwise
    convolutions wrongly, once for each new batch size.
    """
    height, width = recipe.image.stored_sides
    how = Resizing(height, width, recipe.image.fit, preparation.cut)
    n, rows, columns = (nodes.side(INPUT, axis) for axis in range(3))
    wanted = ((1, rows, height), (2, columns, width))
    is_it = nodes.add("And", *(nodes.add("Equal", there, nodes.constant(side)) for _, there, side in wanted))
    one_if_it = nodes.cast(is_it, "int64")
    n_as_is = nodes.add("Mul", n, one_if_it)
    as_is = nodes.cut(INPUT, 0, nodes.constant(0), n_as_is)
    others = nodes.cut(INPUT, 0, n_as_is, nodes.add("Sub", n, n_as_is))
    for axis, there, side in wanted:
        last = nodes.add("Sub", there, nodes.constant(1))
        as_is = nodes.add("Gather", as_is, nodes.add("Min", nodes.constant(np.arange(side)), last), axis=axis)
        few = nodes.add("Sub", there, nodes.add("Mul", last, one_if_it))  # one pixel where nothing is resized
        others = nodes.cut(others, axis, nodes.constant(0), few)
    return nodes.add("Concat", nodes.cast(as_is, "float32"), add_resizing(nodes, others, how), axis=0)


def _grey(nodes: Nodes, pixels: str) -> str:
    """Luma of ITU-R BT.601 in 32768ths, as OpenCV counts; three equal channels stay."""
    weights = nodes.constant([[9798.0], [19235.0], [3735.0]], "float32")
    summed = nodes.add("Add", nodes.add("MatMul", pixels, weights), nodes.constant(16384.0, "float32"))
    grey = nodes.add("Floor", nodes.add("Div", summed, nodes.constant(32768.0, "float32")))
    return nodes.add("Concat", grey, grey, grey, axis=3)
