"""A folder of any size through an exported model: decoded by workers, answered in batches, kept part by part."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from podium import durable
from podium.advice import option
from podium.curate import IMAGE_EXTENSIONS
from podium.curate.files import list_images
from podium.deployed.answer_table import FAILURE, ID, check_ending, make_table, open_table
from podium.deployed.answers import Answers, join_answers
from podium.deployed.deployed_model import BATCH
from podium.errors import UsageError
from podium.images import Limits, decode_many
from podium.machine.progress import Progress
from podium.stopping import StopRequest, listen_for_stop
from podium.tables import path_from_text

if TYPE_CHECKING:
    import pyarrow as pa

    from podium.deployed.deployed_model import DeployedModel

__all__ = ["PART", "PredictedFiles", "predict_files"]

PART = 4096
"""Images of a part, the most that a kill loses."""
_SHOWN = 10
_DIGEST = b"podium.part"


@dataclass(frozen=True)
class PredictedFiles:
    """What became of a folder.

    Args:
        file: The table of answers.
        n_images: Its rows.
        n_kept: Rows that an earlier start had answered.
        n_failed: Images without an answer.
        failures: Why, for the first ten, by id.
        model_id: Which model answered.
    """

    file: Path
    n_images: int
    n_kept: int
    n_failed: int
    failures: Mapping[str, str] = field(default_factory=dict)
    model_id: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "file": str(self.file),
            "n_images": self.n_images,
            "n_kept": self.n_kept,
            "n_failed": self.n_failed,
            "failures": dict(self.failures),
            "model_id": self.model_id,
        }


def predict_files(
    model: DeployedModel,
    folder: Path,
    out: Path,
    progress: Progress,
    *,
    workers: int | None = None,
    follow_links: bool = False,
) -> PredictedFiles:
    """See `DeployedModel.predict_files`."""
    check_ending(out, "out")
    durable.check_regular(out)
    if out.exists():
        raise UsageError(
            "there is a file of this name already.", where=out, fix=f"Name another one with {option('out')}."
        )
    files = list_images(folder, IMAGE_EXTENSIONS, follow_links=follow_links)
    for note in files.notes:
        progress.note(note)
    store = out.with_name(f"{out.name}.parts")
    starts = range(0, len(files), PART)
    with durable.hold_lock(store), listen_for_stop() as stop:
        n_kept = 0
        with progress.stage("predict images", len(files)) as update:
            for number, start in enumerate(starts):
                ids, paths = files.ids[start : start + PART], files.paths[start : start + PART]
                found = [files.root / path_from_text(path) for path in paths]
                part, digest = store / f"{number:06}.parquet", _digest(model, ids, found)
                if _is_kept(part, digest):
                    n_kept += len(ids)
                else:
                    table = _answer(model, ids, found, start, update, stop, progress, workers)
                    _write_part(part, table.replace_schema_metadata({_DIGEST: digest}))
                update(start + len(ids))
                stop.check(fix=_HOW_TO_CONTINUE)
        n_failed, failures = _join(model, store, len(starts), out)
    durable.remove_tree(store)
    return PredictedFiles(out, len(files), n_kept, n_failed, failures, model.model_id)


_HOW_TO_CONTINUE = "Start it again with the same words: the parts that are done are not done again."


def _answer(
    model: DeployedModel,
    ids: Sequence[str],
    paths: Sequence[Path],
    start: int,
    update: Any,
    stop: StopRequest,
    progress: Progress,
    workers: int | None,
) -> pa.Table:
    """Rows of one part."""
    answers, failures = list[Answers](), dict[str, str]()
    form, *also = model.record.forms
    decoded = decode_many(
        paths,
        size=form.size,
        fit=form.fit,
        preprocessing=form.preprocessing,
        also=also,
        with_facts=False,
        limits=Limits(value_range=form.value_range),
        n_workers=workers,
        announce=progress.note,
    )
    names, pixels = list[str](), list[Any]()
    for place, image in decoded:
        if image.pixels is None:
            failures[ids[place]] = f"{image.outcome.value}: {image.reason}"
        else:
            names.append(ids[place])
            pixels.append(image.pixels)
        if len(names) == BATCH:
            answers.append(model.answer(np.stack(pixels), ids=names))
            names, pixels = [], []
            update(start + place + 1)
            stop.check(fix=_HOW_TO_CONTINUE)
    if names:
        answers.append(model.answer(np.stack(pixels), ids=names))
    return make_table(model.task, ids, join_answers(answers) if answers else None, failures)


def _digest(model: DeployedModel, ids: Sequence[str], paths: Sequence[Path]) -> bytes:
    """Of who answers and what is asked: names, sizes and times of the files."""
    found = hashlib.sha256(f"{model.model_id} {model.engine}\n".encode())
    for name, path in zip(ids, paths, strict=True):
        try:
            facts = os.stat(path)  # noqa: PTH116 - twice as quick, a million times
            found.update(f"{name!r} {facts.st_size} {facts.st_mtime_ns}\n".encode())
        except OSError:
            found.update(f"{name!r} gone\n".encode())
    return found.hexdigest().encode()


def _is_kept(part: Path, digest: bytes) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not part.is_file():
        return False
    try:
        return (pq.read_schema(part).metadata or {}).get(_DIGEST) == digest
    except (OSError, pa.ArrowInvalid):
        return False


def _write_part(part: Path, table: pa.Table) -> None:
    import pyarrow.parquet as pq

    with durable.write_atomically(part) as file:
        pq.write_table(table, file)


def _join(model: DeployedModel, store: Path, n_parts: int, out: Path) -> tuple[int, dict[str, str]]:
    """All parts as one file; how many images have no answer, and why the first of them have none."""
    n_failed, shown = 0, dict[str, str]()
    with open_table(out, model.task) as writer:
        for table in _read_parts(store, n_parts):
            writer.write_table(table)
            failed = [(name, why) for name, why in _failures(table) if why is not None]
            n_failed += len(failed)
            shown |= dict(failed[: _SHOWN - len(shown)])
    return n_failed, shown


def _read_parts(store: Path, n_parts: int) -> Iterator[pa.Table]:
    import pyarrow.parquet as pq

    for number in range(n_parts):
        yield pq.read_table(store / f"{number:06}.parquet").replace_schema_metadata(None)


def _failures(table: pa.Table) -> Iterator[tuple[str, str | None]]:
    return zip(table.column(ID).to_pylist(), table.column(FAILURE).to_pylist(), strict=True)
