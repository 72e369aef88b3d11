"""JSON documents of commands that take a model elsewhere, and of those about Podium itself."""

from __future__ import annotations

from pydantic import ConfigDict

from podium.cli.documents.base import Document, Record, Words

__all__ = [
    "BundleDocument",
    "CompletionDocument",
    "EnvDocument",
    "ExportDocument",
    "RerunDocument",
    "SchemaDocument",
    "ServeDocument",
]


class ExportDocument(Document):
    """A folder that answers without torch."""

    model_config = ConfigDict(extra="allow", strict=True)

    run: str


class ServeDocument(Document):
    """A server that answers now; printed when it is ready, on one line."""

    address: str
    model_id: str
    engine: str
    classes: Record
    token: str | None
    pid: int


class BundleDocument(Document):
    """A folder that makes a submission again."""

    run: str
    folder: str
    runs: Words
    predictions: str
    submission_sha256: str | None
    n_images: int
    has_images: bool
    n_files: int
    n_bytes: int


class RerunDocument(Document):
    """A submission made again."""

    folder: str
    agrees: bool
    same_bytes: bool
    n_lines: int | None
    compared: Record
    differences: Words
    computed: Record
    computed_before: Record


class EnvDocument(Document):
    """What works on this machine."""

    environment: Record
    device: str | None
    gpus: Words
    memory_gib: float | None
    address_limit_gib: float | None
    weights: dict[str, str]
    weights_folder: str
    extras: dict[str, Record]


class CompletionDocument(Document):
    """A script that completes commands: itself, or the file it was written to."""

    shell: str
    script: str | None = None
    file: str | None = None


class SchemaDocument(Document):
    """This document: commands, options, exit codes and documents."""

    podium: str
    exit_codes: dict[str, str]
    commands: dict[str, Record]
    error: Record
