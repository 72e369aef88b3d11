"""A sample that shows the form alone, such as the three rows of a code contest: a row for every prediction instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from podium.advice import options as advise
from podium.errors import SubmissionError, UsageError
from podium.submission.id_column import find_id_column
from podium.submission.ids import find_match, names_of
from podium.submission.options import SubmissionOptions
from podium.submission.pairs import find_pairs
from podium.tables import Predictions, is_image_name
from podium.texttable import RawTable
from podium.texttable.raw_cells import quote_like

__all__ = ["fill_form"]

_Spelling = Callable[[str], str]
_SPELLINGS: tuple[_Spelling, ...] = (
    lambda name: name,
    lambda name: PurePosixPath(name).name,
    lambda name: PurePosixPath(name).stem,
    lambda name: str(PurePosixPath(name).with_suffix("")),
)


def fill_form(template: RawTable, predictions: Predictions, options: SubmissionOptions) -> RawTable:
    """The sample with a row for every prediction, in their order; other cells are those of its first row.

    Ids are spelt as the sample spells its own: with or without folder and file extension.

    Args:
        template: The sample, as `read_template` gives it.
        predictions: One row for each image of the test set.
        options: What is set.

    Raises:
        SubmissionError: If the sample has a row for every image and class, or two images would get one id.
        UsageError: If a table says which image an id means, which needs the sample's own rows.
    """
    options = options.with_named_columns()
    if options.id_table is not None:
        raise UsageError(
            "a form has no ids to look up in a table.", field="form_only", fix="Leave out one of the two options."
        )
    ids = predictions.ids.tolist()
    if find_pairs(template, predictions.task, options, ids) is not None:
        raise SubmissionError(
            "this sample has a row for every image and class, and cannot be a form.",
            where=template.path,
            fix="Give the sample that lists the whole test set.",
        )
    column, _ = find_id_column(template, predictions.task, id_column=options.id_column)
    spelling = _find_spelling(list(template.cells(column)), ids, template.encoding)
    named = [spelling(name) for name in ids]
    if len(set(named)) != len(named):
        twice = next(name for name in named if named.count(name) > 1)
        raise SubmissionError(
            f"two images would have the id {twice!r}, as the sample spells ids.",
            where=template.path,
            fix=f"Give a sample of the whole test set, without {advise(form_only=True)}.",
        )
    place, (cells, end) = template.place(column), template.rows[0]
    end = template.line_end or end or "\n"
    rows = []
    for name in named:
        own = list(cells)
        own[place] = quote_like(name, cells[place], template.delimiter)
        rows.append((own, end))
    start = template.row_numbers[0]
    return replace(template, rows=tuple(rows), row_numbers=tuple(range(start, start + len(rows))))


def _find_spelling(cells: list[str], ids: list[str], encoding: str) -> _Spelling:
    """How the sample writes ids: as the images it names show, else as its cells look."""
    match = find_match([cell.strip() for cell in cells], names_of(ids, encoding=encoding))
    if match is not None:
        meant = [ids[images[0]] for images in match.images]
        for spelling in _SPELLINGS:
            if [spelling(name) for name in meant] == [cell.strip() for cell in cells]:
                return spelling
    has_ending = all(is_image_name(cell) for cell in cells)
    has_folder = all(len(Path(cell).parts) > 1 for cell in cells)
    return _SPELLINGS[(0 if has_folder else 1) if has_ending else (3 if has_folder else 2)]
