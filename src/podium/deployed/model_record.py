"""model.json of an exported folder: what the graph takes and gives, and how it was judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium import durable
from podium.advice import call
from podium.errors import CorruptFileError, StorageError, UsageError
from podium.images import Form, make_form, packed_shape
from podium.tables import Task

__all__ = ["CARD_NAME", "FORMAT", "GRAPH_NAME", "KIND", "RECORD_NAME", "ModelRecord", "is_model_folder", "read_record"]

GRAPH_NAME, RECORD_NAME, CARD_NAME = "model.onnx", "model.json", "card.md"
KIND, FORMAT = "podium-deployable-model", 2


@dataclass(frozen=True)
class ModelRecord:
    """What an exported folder says of itself.

    Args:
        record: The content of model.json.
        task: What it answers.
        forms: In which forms the networks take an image: one, but for an ensemble of runs that prepare it differently.
        takes_any_size: Whether the graph resizes images itself.
        model_id: SHA-256 of the graph: which model answered.
        precision: "fp32", "bf16" or "int8".
        engines: Engines that it was checked in.
    """

    record: Mapping[str, Any]
    task: Task
    forms: tuple[Form, ...]
    takes_any_size: bool
    model_id: str
    precision: str
    engines: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one prepared image, all its forms in one array: see `pack_forms`."""
        return packed_shape(self.forms)


def is_model_folder(path: str | Path) -> bool:
    """Whether somebody who names this folder means an exported model, sound or not."""
    return (Path(path) / GRAPH_NAME).is_file()


def read_record(folder: Path) -> ModelRecord:
    """What a folder says of itself, with its graph compared by digest.

    Raises:
        UsageError: If it is no folder that Podium exported.
        StorageError: If another version of Podium did.
        CorruptFileError: If a file was changed or is damaged.
    """
    path = folder / RECORD_NAME
    if not is_model_folder(folder) or not path.is_file():
        raise UsageError(
            f"this is no exported model: it needs {GRAPH_NAME} and {RECORD_NAME}.",
            where=folder,
            fix=f"Make one: {call('podium.load_run(...).export', to='deployed')}.",
        )
    found = durable.read_json(path)
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise UsageError("this model.json is not that of a model that Podium exported.", where=folder)
    if found.get("format") != FORMAT:
        raise StorageError(
            f"another version of Podium exported this model (format {found.get('format')}, expected {FORMAT}).",
            where=folder,
            fix="Export it again.",
        )
    record = durable.read_sealed(path)
    digest = durable.sha256_file(folder / GRAPH_NAME)
    if digest != record.get("model_id"):
        raise CorruptFileError(
            "the graph is not the one that was exported with this model.json.",
            where=folder / GRAPH_NAME,
            fix="Copy the whole folder again, or export again.",
        )
    try:
        return _parse(record)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise CorruptFileError(f"a field is missing or wrong ({problem}).", where=path) from problem


def _parse(record: Mapping[str, Any]) -> ModelRecord:
    image = record["image"]
    return ModelRecord(
        record=record,
        task=Task.from_dict(record["task"]),
        forms=tuple(map(make_form, image["forms"])),
        takes_any_size=bool(image["takes_any_size"]),
        model_id=str(record["model_id"]),
        precision=str(record["precision"]),
        engines=tuple(map(str, record["engines"])),
    )
