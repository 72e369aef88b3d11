"""The names of a cache: what its pixels are, what is asked of it, and the folder that a new one is built in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from podium.data.file_stamps import FileStamps, read_stamps
from podium.images import Box, Fit, Limits, Preprocessing
from podium.tables import Samples

__all__ = ["cache_key", "folder_name", "pixels_key", "request_key"]

# Raise it when a decode or a resize gives other pixels than before; every cache is then built anew.
_DECODE_VERSION = 4


def request_key(
    samples: Samples,
    height: int,
    width: int,
    fit: Fit = "stretch",
    *,
    limits: Limits | None = None,
    preprocessing: Sequence[Preprocessing] = (),
    boxes: Sequence[Box | None] | None = None,
) -> str:
    """What is asked of a cache, whatever the files hold now: ids, boxes, geometry, limits, preprocessing."""
    asked = [_DECODE_VERSION, height, width, fit, asdict(limits or Limits()), *map(asdict, preprocessing)]
    digest = hashlib.sha256(json.dumps(asked).encode())
    for name in samples.ids:
        digest.update(f"{name!r}\n".encode("utf-8", "surrogatepass"))
    if boxes is not None:
        digest.update(json.dumps(list(boxes)).encode())
    return digest.hexdigest()[:32]


def folder_name(request: str, stamps: FileStamps, turn: int = 0) -> str:
    """The folder in which a cache of files with these stamps is built, 32 hex digits.

    A build that was killed finds its own folder by it. A finished cache is found by what it holds, in any folder.
    """
    return hashlib.sha256(f"{request} {turn} ".encode() + stamps.values.astype("<i8").tobytes()).hexdigest()[:32]


def pixels_key(request: str, digests: Iterable[str]) -> str:
    """The key of the pixels, 32 hex digits: of what was asked, and of the SHA-256 of every file in order.

    Features are kept under it, so they serve wherever the same images lie, and never for others.
    """
    digest = hashlib.sha256(request.encode())
    for sha256 in digests:
        digest.update(f" {sha256}".encode())
    return digest.hexdigest()[:32]


def cache_key(samples: Samples, height: int, width: int, fit: Fit = "stretch", *, limits: Limits | None = None) -> str:
    """The folder in which a cache of these images, as they are now, would be built."""
    return folder_name(request_key(samples, height, width, fit, limits=limits), read_stamps(samples))
