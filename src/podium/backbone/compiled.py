"""A frozen forward pass as one graph that OpenVINO compiles for the CPU: several times as quick there."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from podium.errors import UsageError
from podium.machine.signal_stack import kept_signal_stack

__all__ = ["Graph", "has_openvino"]

_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
# With this in place of the package, OpenVINO's converter uses its own stub and sends nothing to anybody.
_TELEMETRY = "openvino_telemetry"
_LAYER_BY_LAYER = "Or use model.frozen_engine=torch."
_TRACED = 2
"""Images of a trace, which keeps every layer's output until it ends; one image alone would hide the first axis."""
_AGREES = {"fp32": 0.02, "bf16": 0.5, "fp16": 0.5}
"""Largest difference to torch's output, as a share of its length."""


def has_openvino() -> bool:
    """Whether OpenVINO is installed (the extra `openvino`)."""
    return importlib.util.find_spec("openvino") is not None


class Graph:
    """A module as a graph of uint8 images that can be compiled for the CPU in any precision.

    Args:
        module: Takes images (B, H, W, 3) uint8, gives one tensor whose first axis is B; in evaluation mode.
        images: A batch of the size that the graph is made for, which is a tenth faster than one for any size; larger
            and smaller batches of the same height and width are cut and filled up. What the graph says of the last of
            them is compared with what the module says of it alone.
        sections: Lengths of the pieces of an output (B, D) that are compared each by itself, because small numbers
            count as much as large ones; None compares the whole.

    Raises:
        UsageError: If OpenVINO is not installed, or cannot take the network.

    Source:
        OpenVINO's `convert_model` from a TorchScript trace, and its CPU plugin's `INFERENCE_PRECISION_HINT`.
    """

    def __init__(self, module: nn.Module, images: Tensor, *, sections: Sequence[int] | None = None) -> None:
        if not has_openvino():
            fix = f'Install it: pip install "podium[openvino]". {_LAYER_BY_LAYER}'
            raise UsageError("OpenVINO is not installed.", fix=fix)
        openvino = _import_openvino()
        self._images, self._sections = images, sections
        with _refused_in_one_line(), torch.no_grad():
            self._wanted = module(images[-1:]).float()
            try:
                self._graph = _convert(openvino, module, images[:_TRACED], images.shape)
            except Exception:  # the number of images can be a constant of what was traced
                self._graph = _convert(openvino, module, images, images.shape)
        self._core = openvino.Core()

    def compile(self, precision: str, n_threads: int, *, batch: int | None = None) -> Callable[[Tensor], Tensor]:
        """Images (B, H, W, 3) uint8 -> float32 output; a row does not depend on the others of its batch.

        Args:
            precision: "fp32", "bf16" or "fp16"; what the CPU cannot do is computed in fp32.
            n_threads: Threads it may use.
            batch: Images it takes at a time; None takes as many as the graph was made for.

        Raises:
            UsageError: If OpenVINO cannot compile or run it, or its output is not torch's.
        """
        settings = {
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
            "INFERENCE_NUM_THREADS": n_threads,
            "PERFORMANCE_HINT": "LATENCY",
        }
        images = self._images if batch is None else self._images[-batch:]
        with _refused_in_one_line(), kept_signal_stack():
            graph = self._graph if len(images) == len(self._images) else _resized(self._graph, images.shape)
            request = self._core.compile_model(graph, "CPU", settings).create_infer_request()
            (output,) = request.infer([images.numpy()]).values()
        found = torch.from_numpy(output[-1:])
        sections = [found.shape[1]] if self._sections is None else list(self._sections)
        pieces = zip(torch.split(found, sections, dim=1), torch.split(self._wanted, sections, dim=1), strict=True)
        if not all(_are_near(piece, wanted, _AGREES[precision]) for piece, wanted in pieces):
            raise UsageError("OpenVINO and torch get different features from this network.", fix=_LAYER_BY_LAYER)

        size = len(images)

        def run(batch: Tensor) -> Tensor:
            outputs = []
            for start in range(0, len(batch), size):
                full = batch[start : start + size].contiguous().numpy()
                n = len(full)
                if n < size:
                    full = np.concatenate([full, np.zeros((size - n, *full.shape[1:]), full.dtype)])
                (output,) = request.infer([full], share_inputs=True).values()
                outputs.append(torch.from_numpy(output[:n]))
            return outputs[0] if len(outputs) == 1 else torch.cat(outputs)

        return run


def _are_near(found: Tensor, wanted: Tensor, share: float) -> bool:
    return bool(torch.dist(found, wanted) <= share * torch.linalg.vector_norm(wanted) + 1e-6)


def _convert(openvino: Any, module: nn.Module, images: Tensor, shape: Sequence[int]) -> Any:
    """A graph of images of that shape, traced with these."""
    with warnings.catch_warnings():
        # TorchScript is announced to go one day, and a trace warns wherever Python looks at a size.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(module, images, check_trace=False)  # type: ignore[no-untyped-call]
        graph = openvino.convert_model(traced, example_input=images)
    graph.reshape(list(shape))
    (output,) = graph.outputs
    first = output.get_partial_shape()[0]
    if not first.is_static or first.get_length() != shape[0]:
        raise ValueError(f"its output has {first} rows for {shape[0]} images")
    return graph


def _resized(graph: Any, shape: Sequence[int]) -> Any:
    """A copy of a graph that takes another number of images at a time."""
    copy = graph.clone()
    copy.reshape(list(shape))
    return copy


@contextmanager
def _refused_in_one_line() -> Iterator[None]:
    try:
        yield
    except Exception as problem:  # one of a dozen kinds, from a tracer, a converter and a plugin
        reason = str(problem).strip().splitlines() or [type(problem).__name__]
        raise UsageError(f"OpenVINO cannot take this network: {reason[0]}", fix=_LAYER_BY_LAYER) from problem


def _import_openvino() -> Any:
    hidden = "openvino" not in sys.modules and _TELEMETRY not in sys.modules
    if hidden:
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment]
    try:
        import openvino
    finally:
        if hidden:
            del sys.modules[_TELEMETRY]
    return openvino
