"""An exported graph with its convolutions and matrix products in 8-bit integers."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from podium import durable
from podium.errors import UsageError
from podium.export.build_graph import INPUT

__all__ = ["to_int8"]

_KINDS = ("Conv", "MatMul", "Gemm")
_KEPT = ("podium_", "/heads")
"""Resizing must stay exact, and the heads are small and decide."""
_BATCH = 8


def to_int8(graph: bytes, pixels: NDArray[np.uint8]) -> bytes:
    """The graph with weights in int8, each output channel by its own scale, and activations in uint8, by the range that
    they had on some images. Resizing and heads stay float32.

    Args:
        graph: What `build_graph` wrote.
        pixels: Images that the ranges are taken from, as the run stores them, uint8 (N, height, width, 3); of the
            training part, never of what judges.

    Raises:
        UsageError: If ONNX Runtime cannot convert the graph.

    Source:
        Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
        Inference", in ONNX's QuantizeLinear and DequantizeLinear, by `onnxruntime.quantization.quantize_static`.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Images(CalibrationDataReader):  # type: ignore[misc]  # untyped
        def __init__(self) -> None:
            self._batches: Iterator[NDArray[np.uint8]] = (
                np.ascontiguousarray(pixels[start : start + _BATCH]) for start in range(0, len(pixels), _BATCH)
            )

        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            batch = next(self._batches, None)
            return None if batch is None else {INPUT: batch}

    model = onnx.load_from_string(graph)
    kept = [node.name for node in model.graph.node if node.op_type in _KINDS and node.name.startswith(_KEPT)]
    with tempfile.TemporaryDirectory(prefix="podium-int8-") as folder, _without_advice():
        file = Path(folder) / "int8.onnx"
        try:
            quantize_static(
                model,
                file,
                Images(),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=list(_KINDS),
                nodes_to_exclude=kept,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
        except Exception as problem:  # one of a dozen kinds, from shape inference and the runtime
            reason = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
            raise UsageError(
                f"this network cannot be converted to int8: {reason}", field="precision", fix="Leave it out for fp32."
            ) from problem
        return durable.read_bytes(file)


class _without_advice:  # noqa: N801 - reads as a statement
    """Without the converter's advice on preparing a graph, which goes to the root logger."""

    def __enter__(self) -> None:
        self._before = logging.root.manager.disable
        logging.disable(logging.WARNING)

    def __exit__(self, *problem: Any) -> None:
        logging.disable(self._before)
