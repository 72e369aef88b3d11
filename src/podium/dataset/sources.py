"""From whatever the user names (a folder, a table, a saved scan, samples) to samples."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from podium import durable
from podium.advice import options
from podium.curate import Scan, ScanOptions, correct_scan, merge_groups, scan, with_boxes
from podium.curate.spellings import spelling_key
from podium.errors import LabelError, SourceError, UsageError, nearest_name
from podium.tables import Samples, as_text_array, concat_samples, load_samples, save_samples, write_csv
from podium.texttable import Frame, is_frame

__all__ = ["SCAN_FILES", "SCAN_MARK", "Source", "check_scan_folder", "read_labelled_source", "read_source", "save_scan"]

_UNSAID = ("auto", None, None)
"""Layout, labels and pattern where nobody says where the labels are."""

OneSource = str | Path | Samples | Scan | Frame
Source = OneSource | Sequence[OneSource] | Mapping[str, OneSource]
"""A folder of images, a table beside its images, a DataFrame, a folder that `podium scan --out` wrote, or samples; or
several of them, whose first is the main one, in a list or by the name that their ids get."""

_EXPECTED = "a folder, a table, a DataFrame, samples, or a list of these"

UNLISTED, MISSING, SCAN_MARK = "unlisted.csv", "missing.csv", "scan.json"
SCAN_FILES = ("samples.csv", "samples.json", UNLISTED, MISSING, SCAN_MARK)
"""Every file of a saved scan; the mark is written last."""


def read_source(source: Source, options: ScanOptions | None = None) -> Scan:
    """The samples of a source, and what was guessed on the way.

    Args:
        source: See `Source`.
        options: How to read a folder or table; not for samples that were read before, but for their corrections and
            regions.

    Raises:
        UsageError: If options are given with samples that were read before.
        SourceError: If there is nothing to read.
    """
    if options is None or (options.corrections is None and options.regions is None):
        return _read(source, options)
    found = _read(source, replace(options, corrections=None, regions=None))
    if options.corrections is not None:
        found = correct_scan(found, options.corrections)  # ids of several sources are known only now
    return found if options.regions is None else with_boxes(found, options.regions)


def _read(source: Source, options: ScanOptions | None) -> Scan:
    if isinstance(source, Mapping):
        return _read_sources(source, options)
    if isinstance(source, Sequence) and not isinstance(source, str | bytes):
        return _read(source[0], options) if len(source) == 1 else _read_sources(_name_sources(source), options)
    return _read_one(source, options)


def read_labelled_source(source: Source, options: ScanOptions | None = None) -> Scan:
    """As `read_source`, for data whose classes are known: a folder with a single folder of images is one class."""
    found = read_source(source, options)
    plain = options or ScanOptions()
    is_folder = isinstance(source, str | Path) and Path(source).expanduser().is_dir()
    if found.samples.task is not None or not is_folder or (plain.layout, plain.labels, plain.pattern) != _UNSAID:
        return found
    try:
        return read_source(source, replace(plain, layout="folders", classes=_with_folder(plain, found)))
    except (LabelError, SourceError):
        return found


def _with_folder(options: ScanOptions, found: Scan) -> Mapping[str, tuple[str, ...]]:
    """The classes of the only head with the only folder among them, in place of another spelling of it."""
    folders = {name.rpartition("/")[0] for name in found.samples.ids.tolist()} - {""}
    if len(folders) != 1 or len(options.classes) != 1:
        return options.classes
    ((head, names),) = options.classes.items()
    (folder,) = folders
    others = [name for name in names if spelling_key(name) != spelling_key(folder)]
    return {head: names if folder in names else (*others, folder)}


def _read_sources(sources: Mapping[str, OneSource], options: ScanOptions | None) -> Scan:
    """Several sources as one scan. The table of labels, `split_names` and `fold_column` are the main one's."""
    if not sources:
        raise UsageError("no data was named; the list is empty.", field="data", fix=f"Expected {_EXPECTED}.")
    others = None if options is None else replace(options, labels=None, split_names={}, fold_column=None)
    found = {
        name: _read_one(source, options if place == 0 else others)
        for place, (name, source) in enumerate(sources.items())
    }
    (main, *_), names = found.values(), list(found)

    def named(name: str, lines: Sequence[str], mark: str) -> list[str]:
        return list(lines) if name == names[0] else [f"{name}{mark}{line}" for line in lines]

    samples, merged = _with_one_spelling(concat_samples({name: scan.samples for name, scan in found.items()}))
    notes = tuple(line for name, scan in found.items() for line in named(name, scan.notes, ": "))
    return Scan(
        samples,
        notes=(*notes, *merged, *_number_note(list(found.values()))),
        guesses=main.guesses,
        unlisted=tuple(own for name, scan in found.items() for own in named(name, scan.unlisted, ":")),
        missing=tuple(own for name, scan in found.items() for own in named(name, scan.missing, ":")),
    )


def _with_one_spelling(samples: Samples) -> tuple[Samples, list[str]]:
    """The samples with groups of all sources in one spelling each, for somebody is the same in any spelling."""
    if samples.group is None:
        return samples, []
    group, notes = merge_groups(samples.group.tolist())
    return (replace(samples, group=as_text_array(group)) if notes else samples), notes


def _number_note(scans: Sequence[Scan]) -> list[str]:
    """A note where sources have classes that are numbers, for each may have its own meaning of them."""
    tasks = [scan.samples.task for scan in scans if scan.samples.task is not None]
    numbered = [
        head.name
        for head in (tasks[0].heads if tasks else ())
        if all(name.isdecimal() for name in head.classes)
        and any(head.name == other.name for task in tasks[1:] for other in task.heads)
    ]
    return [
        f"The sources share the class numbers of {name!r}: 0 is taken for the same class in each. If it is not, write"
        " names into the tables."
        for name in numbered
    ]


def _name_sources(sources: Sequence[OneSource]) -> dict[str, OneSource]:
    """Sources by the name of their folder or table; a number tells those of one name apart."""
    named: dict[str, OneSource] = {}
    for place, source in enumerate(sources):
        path = Path(source).expanduser().resolve() if isinstance(source, str | Path) else None
        stem = f"source-{place + 1}" if path is None else re.sub(r"[:/\\\\]", "-", path.stem) or "source"
        spellings = (stem if n == 1 else f"{stem}-{n}" for n in count(1))
        named[next(name for name in spellings if name not in named)] = source
    return named


def _read_one(source: OneSource, options: ScanOptions | None) -> Scan:
    if isinstance(source, Scan):
        return source
    if isinstance(source, Samples):
        return Scan(source)
    if is_frame(source):
        return scan(source, options)
    if not isinstance(source, str | Path):
        raise UsageError(f"got {_kind_of(source)}, expected {_EXPECTED}.", field="data")
    path = Path(source).expanduser()
    if not path.exists():
        raise _no_such_source(path)
    if (path / "samples.json").is_file():
        if options is not None and options != ScanOptions():
            raise UsageError("this folder holds a saved scan; options cannot change it.", where=path)
        return Scan(load_samples(path))
    return scan(path, options)


def _kind_of(thing: object) -> str:
    """The type of what was given, with its shape where it has one."""
    shape = getattr(thing, "shape", None)
    kind = "None" if thing is None else f"an object of type {type(thing).__name__}"
    return kind if shape is None else f"{kind} of shape {tuple(shape)}"


def _no_such_source(path: Path) -> SourceError:
    if re.match(r"[a-z_]+(\.\w+)*=", str(path)):
        fix = f"A key of the recipe is changed with {options(overrides=[str(path)])}."
        return SourceError("there is no such file or folder.", where=path, fix=fix)
    beside = sorted(other.name for other in path.parent.iterdir()) if path.parent.is_dir() else []
    near = nearest_name(path.name, [name for name in beside if not name.startswith(".")])
    if near is not None:
        fix = f"Did you mean {str(path.parent / near)!r}?"
    elif path.parent.is_dir():
        fix = f"Looked from {Path.cwd()}."
    else:
        fix = f"The folder {str(path.parent)!r} does not exist either; looked from {Path.cwd()}."
    return SourceError("there is no such file or folder.", where=path, fix=fix)


def check_scan_folder(folder: Path) -> None:
    """Raise UsageError unless a scan may be written into a folder: a new or empty one, or that of an earlier scan."""
    fix = "Choose a new or empty folder."
    held = next((name for name in ("run.json", "prepared.json") if (folder / name).is_file()), None)
    if held is not None:
        what = "a run" if held == "run.json" else "prepared data"
        raise UsageError(f"this folder holds {what}.", where=folder, fix=fix)
    durable.check_claimable(folder, "a scan", marks=(SCAN_MARK,), names=SCAN_FILES, fix=fix)


def save_scan(found: Scan, folder: Path) -> None:
    """Write samples, and the lists of what was left out, into a folder that later commands take as their source.

    Raises:
        UsageError: If the folder holds anything but a scan.
        LockedError: If another process writes one there right now.
        StorageError: If the disk refuses; the same call goes on.
    """
    check_scan_folder(folder)
    with durable.hold_lock(folder):
        durable.check_writable(folder)
        save_samples(found.samples, folder)
        for name, rows in ((UNLISTED, found.unlisted), (MISSING, found.missing)):
            if rows:
                write_csv(folder / name, ["id"], [[row] for row in rows])
            else:
                durable.remove_file(folder / name)  # of an earlier scan
        durable.write_json(folder / SCAN_MARK, found.to_dict())
