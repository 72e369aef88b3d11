"""From whatever the user names (a folder, a table, a saved scan, samples) to samples."""

from __future__ import annotations

from pathlib import Path

from podium import durable
from podium.curate import Scan, ScanOptions, scan
from podium.errors import SourceError, UsageError, nearest_name
from podium.tables import Samples, load_samples, save_samples, write_csv

__all__ = ["Source", "read_source", "save_scan"]

Source = str | Path | Samples | Scan
"""A folder of images, a table beside its images, a folder that `podium scan --out` wrote, or samples."""

UNLISTED, MISSING = "unlisted.csv", "missing.csv"


def read_source(source: Source, options: ScanOptions | None = None) -> Scan:
    """The samples of a source, and what was guessed on the way.

    Args:
        source: See `Source`.
        options: How to read a folder or table; not for samples that were read before.

    Raises:
        UsageError: If options are given with samples that were read before.
        SourceError: If there is nothing to read.
    """
    if isinstance(source, Scan):
        return source
    if isinstance(source, Samples):
        return Scan(source)
    path = Path(source).expanduser()
    if not path.exists():
        raise _no_such_source(path)
    if (path / "samples.json").is_file():
        if options is not None and options != ScanOptions():
            raise UsageError("this folder holds a finished scan; options cannot change it.", where=path)
        return Scan(load_samples(path))
    return scan(path, options)


def _no_such_source(path: Path) -> SourceError:
    beside = sorted(other.name for other in path.parent.iterdir()) if path.parent.is_dir() else []
    near = nearest_name(path.name, [name for name in beside if not name.startswith(".")])
    if near is not None:
        fix = f"Did you mean {str(path.parent / near)!r}?"
    elif path.parent.is_dir():
        fix = f"Looked from {Path.cwd()}."
    else:
        fix = f"The folder {str(path.parent)!r} does not exist either; looked from {Path.cwd()}."
    return SourceError("there is no such file or folder.", where=path, fix=fix)


def save_scan(found: Scan, folder: Path) -> None:
    """Write samples, and the lists of what was left out, into a folder that later commands take as their source."""
    durable.check_writable(folder)
    save_samples(found.samples, folder)
    durable.write_json(folder / "scan.json", found.to_dict())
    for name, rows in ((UNLISTED, found.unlisted), (MISSING, found.missing)):
        if rows:
            write_csv(folder / name, ["id"], [[row] for row in rows])
