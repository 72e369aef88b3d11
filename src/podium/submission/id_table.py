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
        raise SubmissionError(
            f"no column of the table holds all ids of the sample beside a column of predicted images: its columns are"
            f" {', '.join(map(repr, list(table.columns)[:10]))}.",
            where=table.path,
            fix="Name the table of the test images, and predict the images that it names.",
        )
    for other in best[1:]:
        if other.image_of != best[0].image_of or other.id_column != best[0].id_column:
            raise SubmissionError(
                f"columns {_said(best[0])} and {_said(other)} may both say which image an id means.",
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


def _said(join: IdTable) -> str:
    return f"{join.key_column!r} with {join.image_column!r}"
