"""Regions of images: detectors, the chain of them that is asked until one fires, and boxes made of what they find.

Needs no torch; a detector's package is imported only when the chain asks it.
"""

from podium.lazy import on_demand
from podium.regions.chain import Chain, read_chain
from podium.regions.derive import DERIVED, base_of, derive_region
from podium.regions.detector import Detector, register_detector
from podium.regions.padding import Padding, pad_box

__all__ = [
    "DERIVED",
    "Chain",
    "Detector",
    "Padding",
    "base_of",
    "derive_region",
    "find_boxes",
    "find_boxes_in",
    "onnx_detector",
    "pad_box",
    "read_chain",
    "register_detector",
]

__getattr__ = on_demand(
    __name__,
    {
        "podium.regions.search": ["find_boxes", "find_boxes_in"],
        "podium.regions.onnx_adapter": ["onnx_detector"],
    },
)
