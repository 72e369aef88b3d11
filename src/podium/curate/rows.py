"""What a source hands on: one row of text cells for every image, and what was guessed on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from podium.errors import SourceError, nearest_name

__all__ = ["Guess", "Rows", "count_values", "plain_name", "require_column", "take_rows"]


@dataclass(frozen=True)
class Guess:
    """Something the user did not say.

    Args:
        what: The thing, such as "image column".
        value: What was taken.
        why: What speaks for it.
        option: What to write to say it, or to say otherwise.
    """

    what: str
    value: str
    why: str
    option: str

    def __str__(self) -> str:
        return f"Guessed {self.what} {self.value!r}: {self.why}. Set it with {self.option}."

    def to_dict(self) -> dict[str, str]:
        """The guess as JSON-ready data."""
        return {"what": self.what, "value": self.value, "why": self.why, "option": self.option}


@dataclass(frozen=True)
class Rows:
    """Images with text cells. N images.

    Args:
        root: Folder that the paths are relative to.
        paths: Path of each image, as `path_to_text` writes it, N of them.
        ids: Comparable form of each path.
        columns: Cells by column name, N in each; "" is an empty cell.
        places: Where each row stands, for messages ("row 17", or the id), N of them.
        origin: Name of the table, or "folders" or "pattern".
        label_columns: Columns that the layout itself says are labels.
        split_column: Column that the layout itself says is the split.
        group_column: Column that the layout itself says is the group.
        replaced_column: Column of the source that the label columns stand for, where rows were joined.
        id_column: Column that only names images; never a label.
        notes: What the user should know.
        guesses: What was guessed.
        unlisted: Ids of images that have no row.
        missing: Rows that have no image.
        lost: Per column, values of which no image can be read, and why.
    """

    root: Path
    paths: Sequence[str]
    ids: Sequence[str]
    columns: Mapping[str, Sequence[str]]
    places: Sequence[str]
    origin: str
    label_columns: tuple[str, ...] = ()
    split_column: str | None = None
    group_column: str | None = None
    id_column: str | None = None
    replaced_column: str | None = None
    notes: tuple[str, ...] = ()
    guesses: tuple[Guess, ...] = ()
    unlisted: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    lost: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def count_values(cells: Sequence[str]) -> dict[str, int]:
    """How often each non-empty cell occurs, most frequent first, ties by name."""
    counts: dict[str, int] = {}
    for cell in cells:
        if cell:
            counts[cell] = counts.get(cell, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def plain_name(name: str) -> str:
    """A column's name in small letters and digits alone.

    Example:
        >>> plain_name("Is_Valid")
        'isvalid'
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


def require_column(rows: Rows, name: str, field: str) -> Sequence[str]:
    """The cells of a column that an option named.

    Raises:
        SourceError: If there is none of that name; lists the columns and the nearest one.
    """
    if name in rows.columns:
        return rows.columns[name]
    near = nearest_name(name, rows.columns)
    raise SourceError(
        f"there is no column or field {name!r}, only {list(rows.columns)}.",
        where=rows.origin,
        field=field,
        fix=f"Did you mean {near!r}?" if near else "Name one of them.",
    )


def take_rows(rows: Rows, kept: Sequence[int], *, note: str) -> Rows:
    """Some of the rows; the images of the others count as unlisted.

    Args:
        rows: The rows.
        kept: Places of the rows to keep, in order.
        note: Why the others were left out.
    """
    dropped = sorted(set(range(len(rows.ids))) - set(kept))
    return replace(
        rows,
        paths=[rows.paths[row] for row in kept],
        ids=[rows.ids[row] for row in kept],
        columns={name: [cells[row] for row in kept] for name, cells in rows.columns.items()},
        places=[rows.places[row] for row in kept],
        notes=(*rows.notes, note),
        unlisted=(*rows.unlisted, *(rows.ids[row] for row in dropped)),
    )
