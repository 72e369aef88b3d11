"""A frozen forward pass as one graph that OpenVINO compiles for the processor: several times as quick there."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from podium.errors import UsageError

__all__ = ["compile_forward", "has_openvino"]

_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
# With this in place of the package, OpenVINO's converter uses its own stub and sends nothing to anybody.
_TELEMETRY = "openvino_telemetry"
_LAYER_BY_LAYER = "Or use model.frozen_engine=torch."


def has_openvino() -> bool:
    """Whether OpenVINO is installed (the extra `openvino`)."""
    return importlib.util.find_spec("openvino") is not None


def compile_forward(module: nn.Module, images: Tensor, precision: str, n_threads: int) -> Callable[[Tensor], Tensor]:
    """The module as a compiled function of uint8 images, on the processor.

    Args:
        module: Takes images (B, H, W, 3) uint8, gives one tensor whose first axis is B; in evaluation mode.
        images: A batch to trace it with. The function takes any number of images of the same height and width.
        precision: "fp32", "bf16" or "fp16"; what the processor cannot do is computed in fp32.
        n_threads: Threads it may use.

    Returns:
        Images -> float32 output. A row does not depend on the others of its batch.

    Raises:
        UsageError: If OpenVINO is not installed, or cannot take the network.

    Source:
        OpenVINO's `convert_model` from a TorchScript trace, and its CPU plugin's `INFERENCE_PRECISION_HINT`.
    """
    if not has_openvino():
        raise UsageError(
            "OpenVINO is not installed.", fix=f'Install it: pip install "podium[openvino]". {_LAYER_BY_LAYER}'
        )
    try:
        compiled = _compile(module, images, precision, n_threads)
        request = compiled.create_infer_request()
        request.infer([images.numpy()])
    except Exception as problem:  # one of a dozen kinds, from a tracer, a converter and a plugin
        reason = str(problem).strip().splitlines() or [type(problem).__name__]
        raise UsageError(f"OpenVINO cannot take this network: {reason[0]}", fix=_LAYER_BY_LAYER) from problem

    def run(batch: Tensor) -> Tensor:
        (output,) = request.infer([batch.numpy()], share_inputs=True).values()
        return torch.from_numpy(output)

    return run


def _compile(module: nn.Module, images: Tensor, precision: str, n_threads: int) -> Any:
    openvino = _import_openvino()
    with warnings.catch_warnings(), torch.no_grad():
        # TorchScript is announced to go one day, and a trace warns wherever Python looks at a size.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(module, images, check_trace=False)  # type: ignore[no-untyped-call]
        graph = openvino.convert_model(traced, example_input=images)
    graph.reshape([-1, *images.shape[1:]])
    settings = {
        "INFERENCE_PRECISION_HINT": _HINTS[precision],
        "INFERENCE_NUM_THREADS": n_threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    return openvino.Core().compile_model(graph, "CPU", settings)


def _import_openvino() -> Any:
    if "openvino" in sys.modules or _TELEMETRY in sys.modules:
        return importlib.import_module("openvino")
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("openvino")
    finally:
        del sys.modules[_TELEMETRY]
