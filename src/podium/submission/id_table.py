"""A table that says which image an id of the sample means, such as `test.csv` with `id,img_path`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from podium.advice import option
from podium.errors import SubmissionError
from podium.listing import agree, count_of, part_of
from podium.submission.ids import find_match, names_of
from podium.tables import ImageNames, NameMatch
from podium.texttable import RawTable, Table, read_otherwise, read_table

__all__ = ["IdTable", "find_images", "find_images_in"]


@dataclass(frozen=True)
class IdTable:
    """How a table joins the sample to the images.

    Args:
        id_column: Column of the sample.
        key_column: Column of the table that holds the sample's ids.
        image_column: Column of the table that names the images.
        image_of: The image of every id.
        rank: Of the rule by which the images were found; 0 is the plainest.
    """

    id_column: str
    key_column: str
    image_column: str
    image_of: dict[str, str]
    rank: int


def find_images(template: RawTable, table: Table, predicted: Sequence[str], *, id_column: str | None = None) -> IdTable:
    """The columns that join sample, table and predictions: every id stands once in the table, every image is predicted.

    Args:
        template: The sample.
        table: The table.
        predicted: Ids of the predictions.
        id_column: Column of the sample that holds ids; None tries all.

    Raises:
        SubmissionError: If no columns do, or two pairs name different images.
    """
    if id_column is not None:
        template.place(id_column)
    names = template.columns if id_column is None else (id_column,)
    images = names_of(predicted, encoding=table.encoding)
    joins = [join for name in names for join in _joins(template, name, table, images)]
    best = [join for join in joins if join.rank == min(other.rank for other in joins)]
    if not best:
        raise _explain(template, names, table, images)
    for other in best[1:]:
        if other.image_of != best[0].image_of or other.id_column != best[0].id_column:
            raise SubmissionError(
                f"columns {_said(best[0])} and {_said(other)} could both say which image an id means.",
                where=table.path,
                fix=f"Set {option('id_column')}, or keep only these two columns in the table.",
            )
    return best[0]


def find_images_in(
    path: Path, template: RawTable, predicted: Sequence[str], *, id_column: str | None = None
) -> IdTable:
    """The same in a file: where its encoding was guessed and nothing joins, it is read in the others too.

    Raises:
        SubmissionError: If no columns join in any encoding.
    """
    table = read_table(path)
    try:
        return find_images(template, table, predicted, id_column=id_column)
    except SubmissionError as error:
        for other in read_otherwise(table, lambda encoding: read_table(path, encoding=encoding)):
            with suppress(SubmissionError):
                return find_images(template, other, predicted, id_column=id_column)
        if table.encoding.startswith("utf"):
            raise
        fix = f"{error.fix or ''} It was read as {table.encoding}; if its names look wrong, save it as UTF-8."
        raise SubmissionError(error.what, where=error.where, fix=fix.strip(), details=error.details) from None


def _joins(template: RawTable, name: str, table: Table, names: ImageNames) -> list[IdTable]:
    ids = [cell.strip() for cell in template.cells(name)]
    if len(set(ids)) != len(ids):
        return []
    found = []
    for key in table.columns:
        keys = [cell.strip() for cell in table.columns[key]]
        row_of = {cell: row for row, cell in enumerate(keys)}
        if len(row_of) != len(keys) or not row_of.keys() >= set(ids):
            continue
        for column in table.columns:
            cells = table.columns[column]
            images = [cells[row_of[cell]] for cell in ids]
            match = find_match(images, names) if column != key else None
            if match is not None:
                image_of = dict(zip(template.cells(name), images, strict=True))
                found.append(IdTable(name, key, column, image_of, match.rank))
    return found


def _explain(template: RawTable, columns: Sequence[str], table: Table, names: ImageNames) -> SubmissionError:
    """Why nothing joins: ids that are not in the table or have several rows there, or images without prediction."""
    name, key, n_held = _nearest_pair(template, columns, table)
    known = {cell.strip() for cell in table.columns[key]}
    missing = [cell for cell in template.cells(name) if cell.strip() not in known]
    fix = "Name the table of the test images, and predict the images that it names."
    details: list[str] = []
    if not n_held:
        listed = ", ".join(map(repr, list(table.columns)[:10]))
        what = f"no column of the table holds ids of the sample: its columns are {listed}."
    elif missing:
        what = (
            f"{part_of(len(missing), len(template), 'id')} of {name!r} {agree(len(missing), 'is', 'are')}"
            f" not in column {key!r} of the table."
        )
        details = [f"{cell!r} is not in the table" for cell in missing]
    elif _repeats(template.cells(name)):
        what = f"no column of the sample holds an id of its own for each row: {name!r} repeats itself."
        fix = "Give every row of the sample an id of its own."
    elif len(known) < len(table):
        details = _ids_of_several_rows(table, key)
        counted = count_of(len(details), "id has", "ids have")
        what = f"{counted} several rows in column {key!r}, but a row of the sample needs one image."
        fix = "Keep one row for each id in the table."
    else:
        what, fix, details = _images_not_predicted(table, key, names)
    return SubmissionError(what, where=table.path, fix=fix, details=details)


def _nearest_pair(template: RawTable, columns: Sequence[str], table: Table) -> tuple[str, str, int]:
    """Columns of sample and table that share most ids, and how many; repeated cells are ids of the last resort."""
    names = [name for name in columns if not _repeats(template.cells(name))] or columns
    known = {key: {cell.strip() for cell in cells} for key, cells in table.columns.items()}
    found = [
        (sum(cell.strip() in values for cell in template.cells(name)), len(values), name, key)
        for key, values in known.items()
        for name in names
    ]
    n_held, _, name, key = max(found, key=lambda pair: pair[:2])
    return name, key, n_held


def _repeats(cells: Sequence[str]) -> bool:
    return len({cell.strip() for cell in cells}) < len(cells)


def _ids_of_several_rows(table: Table, key: str) -> list[str]:
    rows: dict[str, list[int]] = {}
    for number, cell in zip(table.row_numbers, table.columns[key], strict=True):
        rows.setdefault(cell.strip(), []).append(number)
    return [f"{cell!r}: rows {', '.join(map(str, found))}" for cell, found in rows.items() if len(found) > 1]


def _images_not_predicted(table: Table, key: str, names: ImageNames) -> tuple[str, str, list[str]]:
    """What is wrong with the column that comes nearest to naming the predicted images, what to do, and its cells."""
    matches = {name: names.match(cells, folders=False) for name, cells in table.columns.items() if name != key}
    image = max(matches, key=lambda name: (matches[name].n_found, len(matches[name].ambiguous)), default="")
    fix = "Name the table of the test images, and predict the images that it names."
    if not image or not (matches[image].n_found or matches[image].ambiguous):
        several = [name for name, cells in table.columns.items() if name != key and _several_in(cells[0], names)]
        if several:
            cell = table.columns[several[0]][0]
            return f"column {several[0]!r} names several images in a cell: {cell!r}.", "Write one image in a cell.", []
        return f"no column of the table beside {key!r} names predicted images.", fix, []
    match, cells = matches[image], table.columns[image]
    unclear = [f"{cells[row]!r} fits {' and '.join(map(repr, found))}" for row, found in match.ambiguous.items()]
    missing = [row for row, found in enumerate(match.images) if not found and row not in match.ambiguous]
    several = [f"{cells[row]!r} names several images" for row in missing if _several_in(cells[row], names)]
    absent = [f"{cells[row]!r} has no prediction" for row in missing if not _several_in(cells[row], names)]
    shared = _rows_of_one_image(table, image, match)
    counts = (
        (absent, "without a prediction"),
        (unclear, "that fit several predictions"),
        (several, "with several images"),
        (shared, "named in several rows"),
    )
    what = ", ".join(f"{len(some)} {problem}" for some, problem in counts if some)
    if not absent:
        fix = "Write one image for each id, as a relative path with folder and file extension."
    return (
        f"column {image!r} does not name one predicted image for each id: {what} (compared {match.rule}).",
        fix,
        [detail for some, _ in counts for detail in some],
    )


def _several_in(cell: str, names: ImageNames) -> bool:
    """Whether a cell lists names of several predicted images."""
    parts = [part for part in re.split(r"[;|,\s]+", cell.strip("[](){} ")) if part]
    return len(parts) > 1 and names.match([part.strip("'\"") for part in parts], folders=False).n_found > 1


def _rows_of_one_image(table: Table, column: str, match: NameMatch) -> list[str]:
    rows: dict[tuple[int, ...], list[int]] = {}
    for row, images in enumerate(match.images):
        if images:
            rows.setdefault(images, []).append(row)
    several = [found for found in rows.values() if len(found) > 1]
    return [
        f"{table.columns[column][found[0]]!r}: rows {', '.join(str(table.row_numbers[row]) for row in found)}"
        for found in several
    ]


def _said(join: IdTable) -> str:
    return f"{join.key_column!r} with {join.image_column!r}"
