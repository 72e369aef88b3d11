"""The one decode of Podium: bytes of a file to upright RGB pixels, with a named outcome for every file."""

from podium.images.decode import Limits, decode_bytes, decode_file
from podium.images.facts import ImageFacts
from podium.images.outcome import Decoded, Outcome
from podium.images.phash import compute_phash, hamming
from podium.images.resize import Fit, resize_to

__all__ = [
    "Decoded",
    "Fit",
    "ImageFacts",
    "Limits",
    "Outcome",
    "compute_phash",
    "decode_bytes",
    "decode_file",
    "hamming",
    "resize_to",
]
