"""How a decode worker and its owner talk: frames of JSON and raw bytes through a pipe, no pickles.

A frame is two lengths (8 bytes each, little-endian), the JSON of the first length, the bytes of the second. The owner
sends the job once, then batches of paths, or of the contents of files as the bytes of the frame; the worker answers
each batch with one frame for all of its results. Pixels, where they are wanted, go as the bytes of a frame; pixels that
are stored in a file do not come this way.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from podium.images.decode import Limits
from podium.images.facts import ImageFacts
from podium.images.form import make_form
from podium.images.job import Item, Job, Stored
from podium.images.outcome import Decoded, Outcome
from podium.images.preprocess import make_steps

__all__ = [
    "decode_batch",
    "decode_job",
    "decode_results",
    "encode_batch",
    "encode_frame",
    "encode_job",
    "encode_results",
    "read_frame",
]

_LENGTHS = struct.Struct("<QQ")
_FACTS = tuple(ImageFacts.__slots__)

ReadInto = Callable[[memoryview], None]
"""Fills the whole buffer from the pipe, or raises EOFError."""
Record = dict[str, Any]
Result = Decoded | Stored


def encode_frame(record: Record, *bodies: memoryview) -> list[memoryview]:
    """The pieces of one frame, to be written one after the other."""
    head = json.dumps(record, separators=(",", ":")).encode()
    return [memoryview(_LENGTHS.pack(len(head), sum(body.nbytes for body in bodies)) + head), *bodies]


def read_frame(read_into: ReadInto) -> tuple[Record, bytearray]:
    """Reads one frame: its record and its bytes."""
    lengths = bytearray(_LENGTHS.size)
    read_into(memoryview(lengths))
    n_head, n_body = _LENGTHS.unpack(lengths)
    head, body = bytearray(n_head), bytearray(n_body)
    read_into(memoryview(head))
    read_into(memoryview(body))
    record: Record = json.loads(head)
    return record, body


def encode_job(job: Job, alarm_s: float) -> Record:
    """What to do with every image, and the seconds after which the worker ends itself over one."""
    rows = None if job.rows is None else os.fsencode(job.rows).hex()
    return {"job": asdict(job) | {"rows": rows}, "alarm_s": alarm_s}


def decode_job(record: Record) -> tuple[Job, float]:
    """What `encode_job` packed."""
    fields = dict(record["job"])
    limits = fields.pop("limits")
    limits["background"] = tuple(limits["background"])
    if limits["value_range"] is not None:
        limits["value_range"] = tuple(limits["value_range"])
    size, rows, steps, also = (fields.pop(name) for name in ("size", "rows", "preprocessing", "also"))
    job = Job(
        limits=Limits(**limits),
        size=None if size is None else tuple(size),
        preprocessing=make_steps(steps),
        also=tuple(map(make_form, also)),
        rows=None if rows is None else os.fsdecode(bytes.fromhex(rows)),
        **fields,
    )
    return job, record["alarm_s"]


def encode_batch(batch: Sequence[Item]) -> tuple[Record, list[memoryview]]:
    """Numbered paths and boxes, and contents of files. Paths travel as the file system's own bytes."""
    contents = [memoryview(item[1]) for item in batch if isinstance(item[1], bytes)]
    return {"batch": [[item[0], _pack_file(item[1]), *item[2:]] for item in batch]}, contents


def decode_batch(record: Record, body: bytearray) -> list[Item]:
    """What `encode_batch` packed."""
    items: list[Item] = []
    at = 0
    for number, file, *box in record["batch"]:
        if isinstance(file, int):  # the length of a content
            items.append((number, bytes(memoryview(body)[at : at + file])))
            at += file
        else:
            items.append(_read_item(number, file, *box))
    return items


def _pack_file(file: str | os.PathLike[str] | bytes) -> str | int:
    return len(file) if isinstance(file, bytes) else os.fsencode(file).hex()


def _read_item(number: int, path: str, box: list[int] | None = None) -> Item:
    file = os.fsdecode(bytes.fromhex(path))
    return (number, file) if box is None else (number, file, (box[0], box[1], box[2], box[3]))


def encode_results(results: Sequence[Result]) -> tuple[Record, list[memoryview]]:
    """The results of a batch, and the pixels of those that carry some."""
    bodies: list[memoryview] = []
    return {"results": [_pack(result, bodies) for result in results]}, bodies


def decode_results(record: Record, body: bytearray) -> list[Result]:
    """What `encode_results` packed. Pixels stay in `body`, not copied."""
    results: list[Result] = []
    at = 0
    for outcome, reason, facts, row, crc32, shape in record["results"]:
        known = None if facts is None else ImageFacts(*facts)
        if row is not None:
            results.append(Stored(row, Outcome(outcome), reason, known, crc32))
            continue
        pixels = None
        if shape is not None:
            n_bytes = shape[0] * shape[1] * shape[2]
            pixels = np.frombuffer(body, dtype=np.uint8, count=n_bytes, offset=at).reshape(shape)
            at += n_bytes
        results.append(Decoded(pixels, Outcome(outcome), reason, known))
    return results


def _pack(result: Result, bodies: list[memoryview]) -> list[Any]:
    facts = None if result.facts is None else [getattr(result.facts, name) for name in _FACTS]
    if isinstance(result, Stored):
        return [result.outcome, result.reason, facts, result.row, result.crc32, None]
    shape = None
    if result.pixels is not None:
        pixels = np.ascontiguousarray(result.pixels)
        shape = pixels.shape
        bodies.append(pixels.data.cast("B"))
    return [result.outcome, result.reason, facts, None, 0, shape]
