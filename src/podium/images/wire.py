"""How a decode worker and its owner talk: frames of JSON and raw bytes through a pipe, no pickles.

A frame is two lengths (8 bytes each, little-endian), the JSON of the first length, the bytes of the second.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from podium.images.decode import Limits
from podium.images.facts import ImageFacts
from podium.images.job import Job
from podium.images.outcome import Decoded, Outcome

__all__ = ["read_frame", "read_job", "read_result", "write_frame", "write_job", "write_result"]

_LENGTHS = struct.Struct("<QQ")

ReadInto = Callable[[memoryview], None]
"""Fills the whole buffer from the pipe, or raises EOFError."""


def write_frame(descriptor: int, record: dict[str, Any], body: memoryview | bytes = b"") -> None:
    """Writes one frame completely."""
    head = json.dumps(record).encode()
    _write_all(descriptor, memoryview(_LENGTHS.pack(len(head), len(body)) + head))
    if len(body):
        _write_all(descriptor, memoryview(body))


def read_frame(read_into: ReadInto) -> tuple[dict[str, Any], bytearray]:
    """Reads one frame: its record and its bytes."""
    lengths = bytearray(_LENGTHS.size)
    read_into(memoryview(lengths))
    n_head, n_body = _LENGTHS.unpack(lengths)
    head, body = bytearray(n_head), bytearray(n_body)
    read_into(memoryview(head))
    read_into(memoryview(body))
    record: dict[str, Any] = json.loads(head)
    return record, body


def write_job(descriptor: int, path: str | os.PathLike[str], job: Job, alarm_s: float) -> None:
    """Sends one path and what to do with it. The path travels as the file system's own bytes."""
    record = {"path": os.fsencode(path).hex(), "alarm_s": alarm_s, **asdict(job)}
    write_frame(descriptor, record)


def read_job(read_into: ReadInto) -> tuple[str, Job, float]:
    """Receives what `write_job` sent."""
    record, _ = read_frame(read_into)
    path = os.fsdecode(bytes.fromhex(record.pop("path")))
    alarm_s = record.pop("alarm_s")
    limits = record.pop("limits")
    limits["background"] = tuple(limits["background"])
    size = record.pop("size")
    return path, Job(limits=Limits(**limits), size=None if size is None else tuple(size), **record), alarm_s


def write_result(descriptor: int, result: Decoded) -> None:
    """Sends one result, its pixels as raw bytes."""
    facts = None if result.facts is None else asdict(result.facts)
    record: dict[str, Any] = {"outcome": result.outcome, "reason": result.reason, "facts": facts, "shape": None}
    if result.pixels is None:
        write_frame(descriptor, record)
    else:
        pixels = np.ascontiguousarray(result.pixels)
        record["shape"] = pixels.shape
        write_frame(descriptor, record, pixels.data.cast("B"))


def read_result(read_into: ReadInto) -> Decoded:
    """Receives what `write_result` sent."""
    record, body = read_frame(read_into)
    facts = None if record["facts"] is None else ImageFacts(**record["facts"])
    pixels = None
    if record["shape"] is not None:
        pixels = np.frombuffer(body, dtype=np.uint8).reshape(record["shape"])
    return Decoded(pixels, Outcome(record["outcome"]), record["reason"], facts)


def _write_all(descriptor: int, data: memoryview) -> None:
    while len(data):
        data = data[os.write(descriptor, data) :]
