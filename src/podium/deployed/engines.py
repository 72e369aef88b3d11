"""The programs that compute a graph: ONNX Runtime and OpenVINO, each an extra, imported when it is asked for."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from podium.errors import UnknownNameError, UsageError
from podium.machine.signal_stack import kept_signal_stack

__all__ = ["ENGINES", "Engine", "Session", "available_engines", "choose_engine", "open_session"]

Engine = Literal["onnxruntime", "openvino"]
ENGINES: tuple[Engine, ...] = get_args(Engine)
Session = Callable[[NDArray[np.uint8]], dict[str, NDArray[Any]]]
"""Images uint8 (N, H, W, 3) to the graph's outputs by name."""

_EXTRAS = {"onnxruntime": "export", "openvino": "openvino"}
_HINTS = {"fp32": "f32", "int8": "f32", "bf16": "bf16"}


def available_engines() -> tuple[Engine, ...]:
    """Engines that are installed."""
    return tuple(name for name in ENGINES if importlib.util.find_spec(name) is not None)


def choose_engine(engine: str, precision: str = "fp32") -> Engine:
    """The engine of that name, or for "auto" the quickest one that is installed.

    Raises:
        UnknownNameError: If there is none of that name.
        UsageError: If it is not installed, or lacks the precision.
    """
    if engine not in (*ENGINES, "auto"):
        raise UnknownNameError("engine", engine, (*ENGINES, "auto"), field="engine")
    there = available_engines()
    wanted: tuple[Engine, ...] = ("openvino",) if precision == "bf16" else ("openvino", "onnxruntime")
    for name in wanted:
        if name in there and engine in (name, "auto"):
            return name
    if precision == "bf16" and engine == "onnxruntime":
        raise UsageError(
            "this model is for bf16, which ONNX Runtime lacks on CPUs.", field="engine", fix="Use openvino."
        )
    missing = wanted[0] if engine == "auto" else engine
    raise UsageError(
        f"{missing} is not installed.",
        field="engine",
        fix=f'Install it: pip install "podium[{_EXTRAS[missing]}]".',
    )


def open_session(
    graph: bytes, engine: Engine, *, precision: str = "fp32", n_threads: int = 0, shape: Mapping[str, int] | None = None
) -> Session:
    """A graph made ready to be asked.

    Args:
        graph: The ONNX graph.
        engine: Who computes.
        precision: What the model was exported for.
        n_threads: Threads; 0 leaves the number to the engine.
        shape: Lengths of `batch`, `height`, `width` and `channels` that never change, which makes it quicker.
    """
    opener = _open_onnxruntime if engine == "onnxruntime" else _open_openvino
    return opener(graph, precision, n_threads, dict(shape or {}))


def _open_onnxruntime(graph: bytes, _precision: str, n_threads: int, shape: dict[str, int]) -> Session:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = n_threads
    for name, length in shape.items():
        options.add_free_dimension_override_by_name(name, length)
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    names, (given,) = [item.name for item in session.get_outputs()], session.get_inputs()
    name = given.name

    def run(images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        return dict(zip(names, session.run(names, {name: images}), strict=True))

    return run


def _open_openvino(graph: bytes, precision: str, n_threads: int, shape: dict[str, int]) -> Session:
    with _without_telemetry():
        import openvino

    core = openvino.Core()
    model = core.read_model(graph, b"")
    (given,) = model.inputs
    sides = [shape.get(name, -1) for name in ("batch", "height", "width", "channels")]
    if max(sides) > 0 and given.partial_shape.is_dynamic:
        model.reshape([side if side > 0 else own for side, own in zip(sides, given.partial_shape, strict=True)])
    # Without the hint a CPU with bf16 computes in bf16, and nobody is told.
    settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": _HINTS[precision], "PERFORMANCE_HINT": "LATENCY"}
    if n_threads:
        settings["INFERENCE_NUM_THREADS"] = n_threads
    with kept_signal_stack():
        compiled = core.compile_model(model, "CPU", settings)
        names, request = [output.get_any_name() for output in compiled.outputs], compiled.create_infer_request()

    def run(images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        found = request.infer([np.ascontiguousarray(images)], share_inputs=True)
        return {name: np.array(values) for name, values in zip(names, found.values(), strict=True)}

    return run


@contextmanager
def _without_telemetry() -> Iterator[None]:
    """OpenVINO reports its use to a server unless this package is missing."""
    name = "openvino_telemetry"
    hidden = name not in sys.modules
    if hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules[name]
