"""A table that says which image an id of the sample means, such as `test.csv` with `id,img_path`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from podium.advice import option
from podium.errors import SubmissionError
from podium.submission.ids import find_match, names_of
from podium.tables import ImageNames
from podium.texttable import RawTable, Table

__all__ = ["IdTable", "find_images"]


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
    known = {key: {cell.strip() for cell in cells} for key, cells in table.columns.items()}
    n_held = {
        (name, key): sum(cell.strip() in values for cell in template.cells(name))
        for key, values in known.items()
        for name in columns
    }
    name, key = max(n_held, key=lambda pair: n_held[pair])
    missing = [cell for cell in template.cells(name) if cell.strip() not in known[key]]
    fix = "Name the table of the test images, and predict the images that it names."
    details: list[str] = []
    if not n_held[name, key]:
        listed = ", ".join(map(repr, list(table.columns)[:10]))
        what = f"no column of the table holds ids of the sample: its columns are {listed}."
    elif missing:
        what = f"{len(missing)} of {len(template)} ids of {name!r} are not in column {key!r} of the table."
        details = [f"{cell!r} is not in the table" for cell in missing]
    elif len(known[key]) < len(table):
        details = _ids_of_several_rows(table, key)
        what = f"{len(details)} ids of column {key!r} have several rows, but a row of the sample needs one image."
        fix = "Keep one row for each id in the table."
    else:
        what, details = _images_not_predicted(table, key, names)
    return SubmissionError(what, where=table.path, fix=fix, details=details)


def _ids_of_several_rows(table: Table, key: str) -> list[str]:
    rows: dict[str, list[int]] = {}
    for number, cell in zip(table.row_numbers, table.columns[key], strict=True):
        rows.setdefault(cell.strip(), []).append(number)
    return [f"{cell!r}: rows {', '.join(map(str, found))}" for cell, found in rows.items() if len(found) > 1]


def _images_not_predicted(table: Table, key: str, names: ImageNames) -> tuple[str, list[str]]:
    """What is wrong with the column that comes nearest to naming the predicted images, and its cells."""
    matches = {name: names.match(cells, folders=False) for name, cells in table.columns.items() if name != key}
    image = max(matches, key=lambda name: matches[name].n_found, default="")
    if not image or not matches[image].n_found:
        return f"no column of the table beside {key!r} names predicted images.", []
    match = matches[image]
    cells = table.columns[image]
    bad = [f"{cells[row]!r} has no prediction" for row, found in enumerate(match.images) if not found]
    if bad:
        return f"{len(bad)} images of column {image!r} have no prediction (compared {match.rule}).", bad
    return f"two rows of column {image!r} name the same image.", []


def _said(join: IdTable) -> str:
    return f"{join.key_column!r} with {join.image_column!r}"
