"""A run's models as one ONNX graph: uint8 images of any size in, probabilities and answers out."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Sequence
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
from podium.images import CutCentre, Form, ToGrey, height_and_width, packed_shape

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
    """What of a form is made inside the graph.

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


def prepare_in_graph(form: Form) -> Preparation:
    """What a graph can do of the preparation of a form."""
    steps, stored = form.preprocessing, form.size
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


def build_graph(network: AnsweringNetwork | EnsembleNetwork, forms: Sequence[Form], opset: int = LEAST_OPSET) -> bytes:
    """The graph as bytes. Its input `images` is uint8 (N, H, W, 3), its outputs are those of `output_names`.

    Prepared images are taken as they are: of one form those that have its size, of several those of `pack_forms`, which
    have three channels for each.

    Args:
        network: The models, in evaluation mode.
        forms: In which forms they take an image, in the order of the network's inputs.
        opset: Version of ONNX's operators.

    Raises:
        UsageError: If the network has an operation that ONNX lacks, or is too large for one file.
    """
    core = _convert(network, forms, opset)
    front = _front(forms, opset, core.ir_version)
    names = _names_between(forms)
    merged = onnx.compose.merge_models(front, core, io_map=list(zip(names, names, strict=True)))
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


def build_front(forms: Sequence[Form], opset: int = LEAST_OPSET) -> bytes | None:
    """The part from images to stored pixels, for each form float32 (N, height, width, 3); None where images come
    prepared.
    """
    if not _takes_any_size(forms):
        return None
    return bytes(_front(forms, opset, _FRONT_IR).SerializeToString())


def _takes_any_size(forms: Sequence[Form]) -> bool:
    return all(prepare_in_graph(form).takes_any_size for form in forms)


def _names_between(forms: Sequence[Form]) -> list[str]:
    return [f"{_BETWEEN}_{place}" for place in range(len(forms))]


def _convert(network: AnsweringNetwork | EnsembleNetwork, forms: Sequence[Form], opset: int) -> Any:
    """The network from stored images on."""
    random = torch.Generator().manual_seed(0)
    pixels = [torch.randint(0, 256, (_TRACED, *form.size, 3), generator=random).float() for form in forms]
    names, between = output_names(network.task), _names_between(forms)
    file = io.BytesIO()
    with _quiet(), _ConstantSides(), torch.no_grad():
        try:
            torch.onnx.export(
                network.eval(),
                tuple(pixels),
                file,  # type: ignore[arg-type]  # the exporter of traces takes a file object
                input_names=between,
                output_names=list(names),
                opset_version=opset,
                dynamic_axes={name: {0: "batch"} for name in (*between, *names)},
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


def _front(forms: Sequence[Form], opset: int, ir_version: int) -> Any:
    """From images to stored pixels."""
    nodes, takes_any_size = Nodes(), _takes_any_size(forms)
    sides: list[Any] = ["batch", *packed_shape(forms)]
    if takes_any_size:
        sides[1:] = ["height", "width", 3 if len(forms) == 1 else "channels"]
    for place, (form, name) in enumerate(zip(forms, _names_between(forms), strict=True)):
        height, width = form.size
        if takes_any_size:
            pixels = _resized_where_needed(nodes, forms, place)
        else:
            pixels = nodes.cast(_part(nodes, INPUT, form, place), "float32")
        pixels = nodes.reshape(pixels, -1, height, width, 3)
        if prepare_in_graph(form).is_grey and takes_any_size:
            pixels = _grey(nodes, pixels)
        nodes.add("Identity", pixels, to=name)
    between = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *form.size, 3])
        for form, name in zip(forms, _names_between(forms), strict=True)
    ]
    graph = helper.make_graph(
        nodes.nodes,
        "podium",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, sides)],
        between,
        nodes.constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)


def _part(nodes: Nodes, images: str, form: Form, place: int) -> str:
    """The pixels of a form in what `pack_forms` makes; of smaller images some pixels of that shape."""
    start = nodes.constant(3 * place)
    for axis, side in enumerate((*form.size, 3), start=1):
        last = nodes.add("Sub", nodes.side(images, axis), nodes.constant(1))
        wanted = nodes.constant(np.arange(side))
        wanted = nodes.add("Add", wanted, start) if axis == 3 and place else wanted
        images = nodes.add("Gather", images, nodes.add("Min", wanted, last), axis=axis)
    return images


def _resized_where_needed(nodes: Nodes, forms: Sequence[Form], place: int) -> str:
    """Float pixels of one form: those that came prepared, or the resized ones.

    Either is computed on no images. An `If` would read better, but after one OpenVINO 2026.4 computes depthwise
    convolutions wrongly, once for each new batch size.
    """
    form, cut = forms[place], prepare_in_graph(forms[place]).cut
    n, rows, columns, channels = (nodes.side(INPUT, axis) for axis in range(4))
    if len(forms) == 1:
        is_it = nodes.add(
            "And",
            nodes.add("Equal", rows, nodes.constant(form.size[0])),
            nodes.add("Equal", columns, nodes.constant(form.size[1])),
        )
    else:
        is_it = nodes.add("Equal", channels, nodes.constant(3 * len(forms)))
    one_if_it = nodes.cast(is_it, "int64")
    n_as_is = nodes.add("Mul", n, one_if_it)
    as_is = _part(nodes, nodes.cut(INPUT, 0, nodes.constant(0), n_as_is), form, place)
    n_others = nodes.add("Sub", n, n_as_is)
    others = nodes.cut(INPUT, 0, n_as_is, n_others)
    few = []
    for axis, there in ((1, rows), (2, columns)):
        last = nodes.add("Sub", there, nodes.constant(1))
        few.append(nodes.add("Sub", there, nodes.add("Mul", last, one_if_it)))  # one pixel where nothing is resized
        others = nodes.cut(others, axis, nodes.constant(0), few[-1])
    if len(forms) > 1:
        one_of = nodes.add("Mul", nodes.constant(3 * len(forms) - 3), one_if_it)
        others = nodes.cut(others, 3, nodes.constant(0), nodes.add("Sub", channels, one_of))
        others = nodes.reshape(others, n_others, *few, 3)  # refuses other numbers of channels
    resized = add_resizing(nodes, others, Resizing(*form.size, form.fit, cut))
    return nodes.add("Concat", nodes.cast(as_is, "float32"), resized, axis=0)


def _grey(nodes: Nodes, pixels: str) -> str:
    """Luma of ITU-R BT.601 in 32768ths, as OpenCV counts; three equal channels stay."""
    weights = nodes.constant([[9798.0], [19235.0], [3735.0]], "float32")
    summed = nodes.add("Add", nodes.add("MatMul", pixels, weights), nodes.constant(16384.0, "float32"))
    grey = nodes.add("Floor", nodes.add("Div", summed, nodes.constant(32768.0, "float32")))
    return nodes.add("Concat", grey, grey, grey, axis=3)
