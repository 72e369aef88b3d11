"""The check of a finished submission: read from disk as the organiser would, compared with the sample."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from podium import durable
from podium.listing import agree, count_of
from podium.submission.answer import Answer
from podium.submission.options import SubmissionOptions
from podium.submission.plan import Plan, match_columns
from podium.tables import Head, Task
from podium.texttable import SPACES, RawTable, cell_value, split_rows

__all__ = ["Finding", "check_bytes", "check_submission"]

_SUM_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Finding:
    """Something wrong with a submission.

    Args:
        severity: "error" for what an organiser may refuse or score wrongly, "warning" for the rest.
        what: One line: what, in which column, how many rows.
        details: The first ten rows.
    """

    severity: Literal["error", "warning"]
    what: str
    details: tuple[str, ...] = ()


def check_submission(
    path: str | Path,
    template: RawTable,
    task: Task,
    *,
    plan: Plan | None = None,
    options: SubmissionOptions | None = None,
) -> list[Finding]:
    """Everything wrong with a submission on disk; an empty list means that it can be handed in.

    Checks encoding, header, number of rows, ids and their order, columns that must stay as they are, and every answer:
    not empty, a number where one is due, in range, a class that exists, one 1 a row, probabilities that sum to 1.

    Args:
        path: The submission, whoever wrote it.
        template: The organiser's sample.
        task: What is asked for.
        plan: How columns are read; None makes it from `options`.
        options: What was set when it was written.

    Raises:
        StorageError: If there is no such file.
        SubmissionError: If the sample itself cannot be read as an answer to the task.
    """
    plan = match_columns(template, task, options) if plan is None else plan
    return check_bytes(durable.read_bytes(path), template, plan)


def check_bytes(data: bytes, template: RawTable, plan: Plan) -> list[Finding]:
    """`check_submission` for a file in memory."""
    if not data.startswith(template.mark):
        return [Finding("error", "the byte order mark of the sample is missing.")]
    try:
        text = data[len(template.mark) :].decode(template.encoding)
    except UnicodeError as error:
        return [Finding("error", f"the file is not {template.encoding}, as the sample is: {error}.")]
    text = text.removeprefix(template.top)
    try:
        rows = _read_rows(text, template)
    except (csv.Error, ValueError) as error:
        return [Finding("error", f"the file is not a table: {error}.")]
    header, body = ([], rows) if template.header is None else (rows[:1], rows[1:])
    found = list(_check_shape(header, body, template))
    if found:
        return found
    numbers = [number for number, _ in body]
    table = {name: [cells[place] for _, cells in body] for place, name in enumerate(template.columns)}
    found += _check_ids(table[plan.id_column], template.cells(plan.id_column), plan.id_column, numbers)
    for name in plan.kept:
        found += _rows_where(f"column {name!r} must stay as in the sample", table[name], template.cells(name), numbers)
    for answer in plan.answers:
        found += _check_cells(answer, table[answer.column], numbers)
    if not found:
        found += _check_groups(plan, table, numbers)
    found += _check_line_ends(text, template)
    return found


def _read_rows(text: str, template: RawTable) -> list[tuple[int, list[str]]]:
    """The rows that are not empty, as any reader of tables sees them, each with its number; the sample's top is off."""
    if template.delimiter == SPACES:
        lines = [[cell_value(raw, SPACES) for raw in cells] for cells, _ in split_rows(text, SPACES)]
    else:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=template.delimiter, strict=True))
    numbered = enumerate(lines, start=1 + len(template.top.splitlines()))
    rows = [(number, cells) for number, cells in numbered if len(cells) > 1 or "".join(cells).strip()]
    for _, cells in rows:
        while len(cells) > len(template.columns) and not cells[-1].strip():
            cells.pop()
    return rows


def _check_shape(
    header: Sequence[tuple[int, Sequence[str]]], body: Sequence[tuple[int, Sequence[str]]], template: RawTable
) -> Iterator[Finding]:
    if not body and not header:
        yield Finding("error", "the file is empty.")
        return
    if template.header is not None:
        names = [name.strip() for name in header[0][1]]
        expected = [cell_value(raw, template.delimiter).strip() for raw in template.header[0]]
        if names != expected:
            yield Finding("error", f"the header is {names[:10]}, the sample's is {expected[:10]}.")
    bad = [
        f"row {number}: {count_of(len(cells), 'cell')}" for number, cells in body if len(cells) != len(template.columns)
    ]
    if bad:
        yield Finding(
            "error",
            f"{count_of(len(bad), 'row does', 'rows do')} not have {count_of(len(template.columns), 'cell')}.",
            tuple(bad[:10]),
        )


def _check_ids(ids: Sequence[str], wanted: Sequence[str], column: str, numbers: Sequence[int]) -> Iterator[Finding]:
    if list(ids) == list(wanted):
        return
    known, given = set(wanted), set(ids)
    missing = [name for name in wanted if name not in given]
    extra = [name for name in dict.fromkeys(ids) if name not in known]
    twice = [name for name, count in Counter(ids).items() if count > 1]
    for names, what in (
        (missing, f"of the sample {agree(len(missing), 'is', 'are')} missing"),
        (extra, f"{agree(len(extra), 'is', 'are')} not in the sample"),
        (twice, f"{agree(len(twice), 'occurs', 'occur')} twice"),
    ):
        if names:
            yield Finding(
                "error", f"{count_of(len(names), 'id')} of column {column!r} {what}.", tuple(map(repr, names[:10]))
            )
    if not (missing or extra or twice):
        yield from _rows_where(f"the ids of column {column!r} are in a different order", ids, wanted, numbers)


def _rows_where(what: str, found: Sequence[str], wanted: Sequence[str], numbers: Sequence[int]) -> Iterator[Finding]:
    rows = zip(numbers, found, wanted, strict=False)
    bad = [f"row {number}: {got!r}, expected {cell!r}" for number, got, cell in rows if got != cell]
    if bad:
        yield Finding("error", f"{what} ({count_of(len(bad), 'row differs', 'rows differ')}).", tuple(bad[:10]))
    elif len(found) != len(wanted):
        yield Finding("error", f"{what}: {count_of(len(found), 'row')}, expected {len(wanted)}.")


def _check_cells(answer: Answer, cells: Sequence[str], numbers: Sequence[int]) -> Iterator[Finding]:
    wrong: dict[str, str] = {}
    for cell in set(cells):
        try:
            answer.read(cell)
        except ValueError as error:
            wrong[cell] = "the cell is empty" if not cell.strip() else str(error)
    bad = [f"row {row}: {wrong[cell]}" for row, cell in zip(numbers, cells, strict=True) if cell in wrong]
    if bad:
        yield Finding(
            "error", f"column {answer.column!r}: {count_of(len(bad), 'cell is', 'cells are')} wrong.", tuple(bad[:10])
        )
    empty = [f"row {row}" for row, cell in zip(numbers, cells, strict=True) if not cell.strip() and cell not in wrong]
    if empty:
        yield Finding(
            "warning",
            f"column {answer.column!r}: {count_of(len(empty), 'list is', 'lists are')} empty.",
            tuple(empty[:10]),
        )


def _check_groups(plan: Plan, table: dict[str, list[str]], numbers: Sequence[int]) -> Iterator[Finding]:
    """Targets of which exactly one class is true: one 1 an image, or probabilities that sum to 1."""
    for head in plan.targets:
        group = [answer for answer in plan.answers if answer.head == head and answer.class_index is not None]
        if head.is_multi or len(group) < head.n_classes:
            continue
        tolerance = _SUM_TOLERANCE if group[0].kind == "probability" else 0
        sums = _sums_of(head, group, plan, table, numbers)
        bad = [f"row {row}: {total:g}" for row, total in sums.items() if abs(total - 1) > tolerance]
        if bad:
            what = (
                f"{count_of(len(bad), 'row')} over the classes of {head.name!r}"
                f" {agree(len(bad), 'does', 'do')} not sum to 1."
            )
            yield Finding("error", what, tuple(bad[:10]))


def _sums_of(
    head: Head, group: Sequence[Answer], plan: Plan, table: dict[str, list[str]], numbers: Sequence[int]
) -> dict[int, float]:
    """The sum of an image's cells over the classes of a target, by its (first) row."""
    if plan.pairs is None:
        columns = zip(*(table[answer.column] for answer in group), strict=True)
        return {number: sum(map(float, cells)) for number, cells in zip(numbers, columns, strict=True)}
    first: dict[str, int] = {}
    sums: dict[int, float] = {}
    rows = zip(numbers, plan.pairs.images, plan.pairs.readings, table[plan.pairs.value_column], strict=True)
    for number, image, reading, cell in rows:
        if reading.head == head:
            place = first.setdefault(image, number)
            sums[place] = sums.get(place, 0.0) + float(cell)
    return sums


def _check_line_ends(text: str, template: RawTable) -> Iterator[Finding]:
    end = template.line_end
    found = "\r\n" if "\r\n" in text else "\r" if "\r" in text and "\n" not in text else "\n"
    if end and found != end:
        yield Finding("warning", f"lines end with {found!r}, the sample's with {end!r}.")
