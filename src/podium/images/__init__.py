"""The one decode of Podium: bytes of a file to upright RGB pixels, with a named outcome for every file."""

from podium.images.camera import BURST_GAP_S, CameraFacts, number_bursts, read_camera
from podium.images.colour import ValueRange
from podium.images.crop import Box, crop
from podium.images.decode import Limits, decode_bytes, decode_file, upright_rgb
from podium.images.detections import Detections, read_detections
from podium.images.facts import ImageFacts
from podium.images.failure import ShortageError
from podium.images.form import Form, make_form, pack_forms, packed_shape
from podium.images.job import Item, Stored
from podium.images.outcome import Decoded, Outcome
from podium.images.patch_grid import describe_misfit
from podium.images.phash import compute_phash, hamming
from podium.images.preprocess import CutCentre, Denoise, EvenLight, Preprocessing, ToGrey, cuts, store_as
from podium.images.read_size import read_size
from podium.images.resize import Fit, resize_to
from podium.images.size import Size, describe_size, height_and_width
from podium.images.thumbnail import encode_jpeg_thumbnail
from podium.images.upright_size import read_upright_size
from podium.images.workers import Isolation, decode_into_rows, decode_many

__all__ = [
    "BURST_GAP_S",
    "Box",
    "CameraFacts",
    "CutCentre",
    "Decoded",
    "Denoise",
    "Detections",
    "EvenLight",
    "Fit",
    "Form",
    "ImageFacts",
    "Isolation",
    "Item",
    "Limits",
    "Outcome",
    "Preprocessing",
    "ShortageError",
    "Size",
    "Stored",
    "ToGrey",
    "ValueRange",
    "compute_phash",
    "crop",
    "cuts",
    "decode_bytes",
    "decode_file",
    "decode_into_rows",
    "decode_many",
    "describe_misfit",
    "describe_size",
    "encode_jpeg_thumbnail",
    "hamming",
    "height_and_width",
    "make_form",
    "number_bursts",
    "pack_forms",
    "packed_shape",
    "read_camera",
    "read_detections",
    "read_size",
    "read_upright_size",
    "resize_to",
    "store_as",
    "upright_rgb",
]
