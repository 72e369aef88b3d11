"""Decoding many files: in worker processes that a hostile file may hang or crash, or in threads."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Iterable, Iterator, Sequence, Sized
from pathlib import Path
from typing import Literal, get_args

from podium.errors import UnknownNameError, UsageError
from podium.images.crew import Announce, Crew
from podium.images.decode import Limits
from podium.images.form import Form
from podium.images.job import Item, Job, Stored
from podium.images.lanes import run_in_lanes
from podium.images.outcome import Decoded
from podium.images.preprocess import Preprocessing
from podium.images.resize import Fit
from podium.images.wire import Result

__all__ = ["Isolation", "decode_into_rows", "decode_many"]

Isolation = Literal["process", "thread"]
_Path = str | os.PathLike[str]


def decode_many(
    paths: Iterable[_Path],
    *,
    size: tuple[int, int] | None = None,
    fit: Fit = "stretch",
    preprocessing: Sequence[Preprocessing] = (),
    also: Sequence[Form] = (),
    target_px: int | None = None,
    with_facts: bool = True,
    with_pixels: bool = True,
    limits: Limits | None = None,
    isolation: Isolation = "process",
    n_workers: int | None = None,
    deadline_s: float = 60.0,
    memory_mib: int = 4096,
    in_order: bool = True,
    announce: Announce | None = None,
) -> Iterator[tuple[int, Decoded]]:
    """The result for each path, with its index, as an iterator that holds few images at a time.

    Worker processes are the default, as C decoders have bugs that files from anywhere may hit: one that hangs or dies
    is replaced; its image is tried once more and then has the outcome TIMEOUT or CRASHED; the rest goes on. Threads are
    for files that an audit has passed: no start-up, no copy of the pixels, but a crash is the program's crash and
    nothing ends a hang. Where workers cannot be started, and on Windows, there are threads instead; it is announced.

    Args:
        paths: File paths as the operating system gave them; consumed as results are taken.
        size: (height, width) to resize every image to, in the worker; None keeps each image's own.
        fit: How to resize, see `resize_to`.
        preprocessing: What is done beside resizing; needs `size`.
        also: More forms that each image is wanted in, see `Job`.
        target_px: See `decode_bytes`; the longer side of `size` where None.
        with_facts: Whether to compute facts.
        with_pixels: False hands back results without pixels, for an audit: `target_px=1` makes that cheap.
        limits: Refuse files beyond these; the defaults of `Limits` where None.
        isolation: "process" or "thread".
        n_workers: Threads or processes; the cores this process may use where None.
        deadline_s: Seconds that one image may take. Processes only.
        memory_mib: Memory that one image may take. Processes on Linux only.
        in_order: Results in the order of `paths`, or as they come.
        announce: Receives a line about lost workers and what is done; None logs a warning.

    Yields:
        Index in `paths` and result. At most three results a worker wait to be taken.

    Raises:
        UsageError: If an option is out of range.
        ShortageError: If not even this program can open a file.

    Example:
        >>> [(i, result.outcome.value) for i, result in decode_many(["no.jpg", "none.png"], isolation="thread")]
        [(0, 'missing'), (1, 'missing')]
    """
    job = Job(limits or Limits(), target_px, with_facts, with_pixels, size, fit, tuple(preprocessing), tuple(also))
    n_items = len(paths) if isinstance(paths, Sized) else None
    crew, n_lanes = _make_crew(job, isolation, n_workers, deadline_s, memory_mib, announce, n_items)
    results = run_in_lanes(
        enumerate(paths),
        crew,
        n_lanes,
        in_order=in_order,
        one_by_one=with_pixels,
        n_items=n_items,
    )
    return _flatten(results)


def decode_into_rows(
    items: Iterable[Item],
    rows: str | Path,
    n_rows: int,
    *,
    n_items: int,
    size: tuple[int, int],
    fit: Fit = "stretch",
    preprocessing: Sequence[Preprocessing] = (),
    limits: Limits | None = None,
    isolation: Isolation = "process",
    n_workers: int | None = None,
    deadline_s: float = 60.0,
    memory_mib: int = 4096,
    announce: Announce | None = None,
) -> Iterator[list[Stored]]:
    """Decodes images into the rows of a file; the workers write there, and only facts come back.

    Nothing is forced to the disk; the caller does that before it trusts a row. Where this is interrupted, rows that
    were not told of may hold anything.

    Args:
        items: Number of a row, path and box of the image that goes there; consumed as results are taken.
        rows: A file of `n_rows` rows of height x width x 3 bytes.
        n_rows: Rows of the file.
        n_items: Length of `items`.
        size: (height, width) of the stored images.
        preprocessing: What is done to them beside resizing.
        fit: As for `decode_many`, like all that follow.

    Yields:
        What became of some images, in any order. An empty list at least twice a second while nothing is new, so that
        the caller can see to other things.

    Raises:
        StorageError: If the file cannot be written.
        UsageError, ShortageError: As `decode_many`.
    """
    steps = tuple(preprocessing)
    job = Job(limits or Limits(), size=size, fit=fit, preprocessing=steps, rows=os.fspath(rows), n_rows=n_rows)
    crew, n_lanes = _make_crew(job, isolation, n_workers, deadline_s, memory_mib, announce, n_items)
    results = run_in_lanes(items, crew, n_lanes, in_order=False, one_by_one=False, n_items=n_items)
    return _only_stored(results)


def _make_crew(
    job: Job,
    isolation: Isolation,
    n_workers: int | None,
    deadline_s: float,
    memory_mib: int,
    announce: Announce | None,
    n_items: int | None,
) -> tuple[Crew, int]:
    """The crew, and the number of batches it does at a time."""
    if isolation not in get_args(Isolation):
        raise UnknownNameError("isolation", isolation, get_args(Isolation))
    n_lanes = _count_cores() if n_workers is None else n_workers
    if n_lanes < 1 or deadline_s <= 0 or memory_mib < 1:
        raise UsageError(f"n_workers={n_lanes}, deadline_s={deadline_s}, memory_mib={memory_mib}: all must be above 0.")
    n_lanes = n_lanes if n_items is None else max(1, min(n_lanes, n_items))
    announce = announce or logging.getLogger("podium").warning
    has_workers = isolation == "process" and os.name != "nt"
    if isolation == "process" and not has_workers:
        announce(
            "there are no decode workers on this system: images are decoded inside this program, which a damaged file "
            "that crashes a decoder would end."
        )
    crew = Crew(job, n_lanes if has_workers else 0, deadline_s=deadline_s, memory_mib=memory_mib, announce=announce)
    return crew, n_lanes


def _flatten(results: Generator[list[tuple[Item, Result]], None, None]) -> Iterator[tuple[int, Decoded]]:
    try:
        for some in results:
            for item, result in some:
                assert isinstance(result, Decoded)
                yield item[0], result
    finally:
        results.close()


def _only_stored(results: Generator[list[tuple[Item, Result]], None, None]) -> Iterator[list[Stored]]:
    try:
        for some in results:
            yield [result for _, result in some if isinstance(result, Stored)]
    finally:
        results.close()


def _count_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
