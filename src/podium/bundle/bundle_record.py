"""bundle.json: what a bundle makes again, with the digest of every other file in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium import durable
from podium.durable import resolve_inside
from podium.errors import CorruptFileError, StorageError, UsageError
from podium.listing import count_of, list_some

__all__ = ["FORMAT", "IMAGES", "KIND", "RECORD_NAME", "RUNS", "SUBMISSION", "BundleRecord", "read_bundle"]

KIND, FORMAT = "podium-rerun-bundle", 1
RECORD_NAME, RUNS, IMAGES, SUBMISSION = "bundle.json", "runs", "images", "submission.csv"


@dataclass(frozen=True)
class BundleRecord:
    """What a bundle says of itself.

    Args:
        podium: Version that wrote it.
        run: The run whose predictions are made again.
        runs: All runs in it: this one and, of an ensemble, its members.
        prediction: Name, models and views of the predictions, and what computed them.
        submission: Digest, options and files of the submission; None where none was written.
        tolerance: How far a probability may be away on another CPU.
        n_images: Test images.
        has_images: Whether they are in the bundle.
        files: SHA-256 of every file by its path in the bundle.
    """

    podium: str
    run: str
    runs: tuple[str, ...]
    prediction: Mapping[str, Any]
    submission: Mapping[str, Any] | None
    tolerance: float
    n_images: int
    has_images: bool
    files: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The content of bundle.json."""
        return {"kind": KIND, "format": FORMAT, **vars(self), "runs": list(self.runs), "files": dict(self.files)}


def read_bundle(folder: Path) -> BundleRecord:
    """What a bundle says of itself, with every file of it compared by digest.

    Raises:
        UsageError: If this is no bundle.
        StorageError: If another version of Podium wrote it.
        CorruptFileError: If files were changed, or are gone; names them.
    """
    path = folder / RECORD_NAME
    if not path.is_file():
        raise UsageError("this is no bundle: it has no bundle.json.", where=folder)
    record = durable.read_sealed(path)
    if record.pop("kind", None) != KIND:
        raise UsageError("this bundle.json is not that of a bundle.", where=path)
    number = record.pop("format", None)
    if number != FORMAT:
        raise StorageError(f"another version of Podium wrote it (format {number}, expected {FORMAT}).", where=path)
    try:
        found = BundleRecord(**{**record, "runs": tuple(record["runs"])})
    except (KeyError, TypeError):
        raise CorruptFileError("this is not the record of a bundle.", where=path) from None
    if any(Path(name).name != name or name == ".." for name in (*found.runs, found.prediction["name"])):
        raise CorruptFileError("a name in it leads to another folder.", where=path)
    changed = [name for name, digest in found.files.items() if not _is_same(folder, name, digest)]
    if changed:
        raise CorruptFileError(
            f"{count_of(len(changed), 'file')} of the bundle changed or gone: {list_some(changed)}.",
            where=folder,
            fix="Take the bundle from where it was written.",
            details=changed,
        )
    return found


def _is_same(folder: Path, name: str, digest: str) -> bool:
    path = resolve_inside(folder, name)
    return path.is_file() and durable.sha256_file(path) == digest
