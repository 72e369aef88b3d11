"""When a photo was taken, and by which camera, from its EXIF entries; photos in quick succession are a burst."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from podium.durable import open_regular
from podium.images.container import sniff_format
from podium.images.quiet import silence_decoders

__all__ = ["BURST_GAP_S", "CameraFacts", "number_bursts", "read_camera"]

BURST_GAP_S = 60.0
"""Longest pause between two photos of one burst unless another is asked for."""
_MAKE, _MODEL, _EXIF, _TAKEN, _SUBSECOND, _SERIAL = 0x010F, 0x0110, 0x8769, 0x9003, 0x9291, 0xA431


class CameraFacts(NamedTuple):
    """What EXIF says of one photo.

    Args:
        time: Seconds since 1970 in the camera's own clock; nan where it is not known. The date of a later edit is not
            taken for it.
        camera: Make, model and serial number of the body; "" where none is known.
    """

    time: float = math.nan
    camera: str = ""


def read_camera(path: str | Path) -> CameraFacts:
    """The entries of one file; nothing is decoded, and a file without them, or that cannot be read, has none."""
    silence_decoders()
    try:
        with open_regular(path) as file:
            kind = sniff_format(file.read(64))
            if kind is None:
                return CameraFacts()
            file.seek(0)
            with Image.open(file, formats=[kind]) as image:
                entries = image.getexif()
                own = entries.get_ifd(_EXIF)
                names = (entries.get(_MAKE), entries.get(_MODEL), own.get(_SERIAL))
                camera = " ".join(text for name in names if (text := str(name or "").strip(" \0")))
                return CameraFacts(_read_time(own.get(_TAKEN), own.get(_SUBSECOND)), camera)
    except Exception:  # decoders raise about ten kinds of error on hostile files
        return CameraFacts()


def _read_time(taken: object, subsecond: object) -> float:
    try:
        time = datetime.strptime(str(taken).strip(" \0"), "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return math.nan
    digits = str(subsecond or "").strip(" \0")
    return time + (float(f"0.{digits}") if digits.isdigit() else 0.0)


def number_bursts(facts: Sequence[CameraFacts], gap_s: float = BURST_GAP_S) -> NDArray[np.int64]:
    """The burst of each photo, shape (N,), from 0 in the order of cameras and times; -1 where no time is known.

    Args:
        facts: From `read_camera`.
        gap_s: Two photos of one camera in a row belong together where no more seconds lie between them.

    Example:
        >>> number_bursts([CameraFacts(0.0), CameraFacts(500.0), CameraFacts(30.0), CameraFacts()]).tolist()
        [0, 1, 0, -1]
    """
    time = np.array([fact.time for fact in facts], dtype=np.float64)
    _, camera = np.unique([fact.camera for fact in facts], return_inverse=True)
    order = np.lexsort((time, camera))
    order = order[np.isfinite(time[order])]
    burst = np.full(len(facts), -1, dtype=np.int64)
    is_new = (np.diff(time[order]) > gap_s) | (np.diff(camera[order]) != 0)
    burst[order] = np.concatenate([np.zeros(min(1, len(order)), dtype=np.int64), np.cumsum(is_new)])
    return burst
