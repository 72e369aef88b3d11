"""What `podium scan` does: a folder, table or pattern as samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from podium.arguments import refuse_unknown
from podium.curate import Scan, ScanOptions
from podium.dataset import Source, read_source
from podium.dataset.extra import Extra, add_extra
from podium.texttable import Frame, as_table

__all__ = ["scan"]


def scan(
    data: Source,
    *,
    labels: str | Path | Frame | None = None,
    label_columns: str | Sequence[str] = (),
    group: str | None = None,
    pattern: str | None = None,
    bins: Mapping[str, Sequence[float]] | None = None,
    classes: Mapping[str, Sequence[str]] | None = None,
    composite: str | None = None,
    extra: Mapping[str, Extra] | None = None,
    extra_drop: Mapping[str, Sequence[str]] | None = None,
    **options: Any,
) -> Scan:
    """Samples of a folder of images, a table beside them, or a described tree of folders.

    Args:
        data: The folder, the table, or a DataFrame with a column of paths; or several of them, whose first is the main
            one.
        labels: Table of labels: a file or a DataFrame.
        label_columns: Column or pattern field to learn, or several.
        group: What must stay on one side of a split.
        pattern: Description of the paths, such as "{id}_{gender}_{race}_{age:int}/{mask}*".
        bins: Borders that turn a number into classes: {"age": (30, 60)}.
        classes: Class order of a head: {"mask": ("worn", "wrong", "none")}.
        composite: Formula of a class number, or "auto".
        extra: Data that only train and are never judged, by name, with a weight: {"web": ("photos", 0.5)}.
        extra_drop: Classes of extra data to leave out, by name; "*" for all that the task does not have.
        **options: Any other field of `ScanOptions`.

    Returns:
        Samples, with notes on everything that was guessed.

    Raises:
        SourceError: If there are no images, or the table does not fit them.
        LabelError: If the labels cannot be used.
        ArgumentError: If an option does not exist; suggests the nearest one.
    """
    refuse_unknown("scan", options, [item.name for item in fields(ScanOptions)])
    wanted = ScanOptions(
        labels=as_table(labels),
        label_columns=(label_columns,) if isinstance(label_columns, str) else tuple(label_columns),
        group=group,
        pattern=pattern,
        bins={head: tuple(borders) for head, borders in (bins or {}).items()},
        classes={head: tuple(names) for head, names in (classes or {}).items()},
        composite=composite,
    )
    wanted = replace(wanted, **options)
    found = read_source(data, wanted)
    return found if not extra and not extra_drop else add_extra(found, extra or {}, wanted, extra_drop)
