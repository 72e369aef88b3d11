"""Which column of the sample names the images."""

from __future__ import annotations

import re
from collections.abc import Sequence

from podium.advice import option, options
from podium.errors import SubmissionError
from podium.submission.column_names import read_name
from podium.submission.ids import find_match, names_of
from podium.tables import Task, is_image_name
from podium.texttable import RawTable

__all__ = ["find_id_column"]

_NAMES = frozenset(
    (
        "id", "imageid", "image", "images", "imgid", "img", "imagename", "imgname", "filename", "file", "fname",
        "filepath", "path", "imagepath", "imgpath", "sampleid", "name", "key", "이미지", "이미지id", "파일명", "파일",
    )
)  # fmt: skip
_COUNTER_NAMES = frozenset(("index", "idx", "no", "number", "번호"))


def find_id_column(
    template: RawTable, task: Task, *, id_column: str | None = None, ids: Sequence[str] | None = None
) -> tuple[str, str]:
    """The id column and why it is the one.

    The first that decides it: the option; the only column whose cells match the predictions' ids; the only column of
    image names; the only column called like an id; the first column, if no cell occurs twice.

    Args:
        template: The sample.
        task: A column named like one of its targets or classes is no id by its name alone.
        id_column: The option.
        ids: Ids of the predictions, if they are there already.

    Raises:
        UnknownNameError: If the option names no column.
        SubmissionError: If two columns fit equally well, or none does.
    """
    if id_column is not None:
        template.place(id_column)
        return id_column, "set by id_column"
    free = [name for name in template.columns if not read_name(name, task)] or list(template.columns)
    candidates = _matching(template, ids) if ids is not None else []
    for found, why in (
        (candidates, "its cells match the predictions"),
        ([name for name in template.columns if _holds_image_names(template, name)], "its cells are image names"),
        ([name for name in free if _plain(name) in _NAMES], "its name"),
        ([name for name in free if _plain(name) in _COUNTER_NAMES], "its name"),
    ):
        if len(found) == 1:
            return found[0], why
        if found:
            raise SubmissionError(
                f"columns {found[0]!r} and {found[1]!r} could both name the images ({why}).",
                where=template.path,
                fix=f"Set {options(id_column=found[0])} or {options(id_column=found[1])}.",
            )
    first = free[0]
    cells = template.cells(first)
    if first == template.columns[0] and len(set(cells)) == len(cells):
        return first, "it is the first column and its cells are unique"
    raise SubmissionError(
        f"none of the columns {', '.join(map(repr, template.columns[:10]))} looks like a column of image ids.",
        where=template.path,
        fix=f"Set {option('id_column')}.",
    )


def _matching(template: RawTable, ids: Sequence[str]) -> list[str]:
    columns = {name: template.cells(name) for name in template.columns}
    distinct = {name: cells for name, cells in columns.items() if len(set(cells)) == len(cells)}
    names = names_of(ids, encoding=template.encoding)
    matches = {name: find_match(cells, names) for name, cells in distinct.items()}
    ranks = {name: match.rank for name, match in matches.items() if match is not None}
    best = [name for name, rank in ranks.items() if rank == min(ranks.values())]
    named = [name for name in best if _plain(name) in _NAMES]
    return named if len(named) == 1 else best


def _holds_image_names(template: RawTable, name: str) -> bool:
    return all(is_image_name(cell) for cell in template.cells(name))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
