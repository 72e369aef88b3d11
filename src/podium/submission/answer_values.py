"""What the answer cells hold, read from the sample's own cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from podium.advice import option
from podium.advice import options as advise
from podium.errors import SubmissionError, UsageError
from podium.listing import count_of
from podium.submission.answer import Answer, CellKind, as_float, as_int
from podium.submission.options import SubmissionOptions
from podium.texttable import RawTable

__all__ = ["settle_class_columns", "settle_target_column"]

_DELIMS = (", ", ",", "|", "; ", ";", " ", "\t", "/", "+")


@dataclass(frozen=True)
class _Sampled:
    """A column of the sample with its distinct cells, each with the first row that holds it."""

    template: RawTable
    column: str
    first_row: dict[str, int]

    @classmethod
    def of(cls, template: RawTable, column: str) -> _Sampled:
        first: dict[str, int] = {}
        for row, cell in zip(template.row_numbers, template.cells(column), strict=True):
            first.setdefault(cell.strip(), row)
        return cls(template, column, first)

    def refuse(self, what: str, *, fix: str, cell: str | None = None) -> SubmissionError:
        row = "" if cell is None else f"row {self.first_row[cell]}, "
        return SubmissionError(f"{row}column {self.column!r}: {what}", where=self.template.path, fix=fix)

    def refuse_two(self, first: str, second: str, why: str, *, field: str = "values") -> SubmissionError:
        return self.refuse(
            f"{why}: the cells may be {first} or {second}.",
            fix=f"Set {advise(**{field: first})} or {advise(**{field: second})}.",
        )

    def first_bad(self, answer: Answer) -> tuple[str, str] | None:
        """The first cell that is none of this column, and why."""
        for cell in self.first_row:
            try:
                answer.read(cell)
            except ValueError as error:
                return cell, str(error)
        return None

    def fits(self, answer: Answer) -> bool:
        return self.first_bad(answer) is None


def settle_class_columns(answers: Sequence[Answer], template: RawTable, options: SubmissionOptions) -> list[Answer]:
    """The columns of one target's classes, all with the same kind of values: 0 or 1, or probabilities.

    Whole numbers 0 and 1 in every cell are decisions; one cell with a decimal point makes all of them probabilities.

    Raises:
        SubmissionError: If the cells are empty or no such numbers; names row, column and option.
        UsageError: If `values` asks for something that a column of one class cannot hold, or for two kinds at once.
    """
    wanted = {options.values_of(answer.column) for answer in answers}
    if len(wanted) > 1:
        raise UsageError(
            f"the columns of {answers[0].head.name!r} need one kind of values, not {sorted(wanted)}.", field="values"
        )
    kind = wanted.pop()
    if kind == "auto":
        kind = _kind_of_class_columns([_Sampled.of(template, answer.column) for answer in answers], options.unclear)
    elif kind not in ("decision", "probability"):
        raise UsageError(
            f"values={kind!r} does not fit column {answers[0].column!r}, which is for one class.",
            fix="Use 'decision' or 'probability'.",
        )
    return [replace(answer, kind=cast(CellKind, kind)) for answer in answers]


def _kind_of_class_columns(columns: Sequence[_Sampled], unclear: str) -> str:
    has_fraction = False
    for column in columns:
        for cell in column.first_row:
            if not cell:
                raise column.refuse_two("decision", "probability", f"row {column.first_row[cell]} is empty")
            value = as_float(cell)
            if value is None or not 0 <= value <= 1:
                fix = "Use the organiser's sample, or set"
                fix += f" {advise(values='decision')} or {advise(values='probability')}."
                raise column.refuse(f"{cell!r} is neither 0 or 1 nor a probability.", fix=fix, cell=cell)
            has_fraction |= as_int(cell) is None
    if not has_fraction and len({as_int(cell) for column in columns for cell in column.first_row}) == 1:
        return unclear
    return "probability" if has_fraction else "decision"


def settle_target_column(answer: Answer, template: RawTable, options: SubmissionOptions) -> Answer:
    """The column of a whole target: class numbers, class names, a list of them, or the probability of class 1 of two.

    Raises:
        SubmissionError: If the sample's cells leave two readings, or none; names row, column and option.
        UsageError: If `values` asks for something that this column cannot hold.
    """
    column = _Sampled.of(template, answer.column)
    wanted = options.values_of(answer.column)
    if answer.head.is_multi:
        if options.top_k is not None:
            raise UsageError(
                f"is for one class per image, but {answer.head.name!r} may have several.",
                field="top_k",
                fix="Leave it out.",
            )
        return _settle_list(answer, column, wanted, options.label_delim)
    if options.top_k is not None:
        return _settle_ranking(answer, column, wanted, options)
    if options.label_delim is not None:
        raise UsageError(
            f"is set, but {answer.head.name!r} is answered by one class per row.",
            field="label_delim",
            fix=f"Leave it out, or list the top-k classes with {option('top_k')}.",
        )
    kind = _kind_of_target_column(answer, column, options) if wanted == "auto" else wanted
    if kind in ("probability", "decision"):
        if answer.head.n_classes != 2:
            raise UsageError(
                f"values={kind!r} does not fit column {answer.column!r}: {answer.head.name!r} has"
                f" {count_of(answer.head.n_classes, 'class')}, but one column holds the probability of one.",
                fix="Use 'class_number' or 'class_name'.",
            )
        index = answer.numbers.index(1) if set(answer.numbers) == {0, 1} else 1
        return replace(answer, kind=cast(CellKind, kind), class_index=index)
    return replace(answer, kind=cast(CellKind, kind))


def _settle_ranking(answer: Answer, column: _Sampled, wanted: str, options: SubmissionOptions) -> Answer:
    """A list of the most likely classes of a single-label target."""
    head, top_k = answer.head, options.top_k or 1
    if wanted in ("decision", "probability"):
        raise UsageError(f"values={wanted!r} does not fit column {answer.column!r}, which lists {top_k} classes.")
    if top_k > head.n_classes:
        raise UsageError(f"top_k is {top_k}, but {head.name!r} has {count_of(head.n_classes, 'class')}.")
    kind: CellKind = "number_list" if wanted == "class_number" else "name_list"
    ranked = replace(answer, kind=kind, delim=options.label_delim or " ", top_k=top_k)
    return _checked_delim(ranked, column)


def _kind_of_target_column(answer: Answer, column: _Sampled, options: SubmissionOptions) -> str:
    has_numbers = bool(options.class_numbers)
    if "" in column.first_row:
        raise column.refuse_two("class_number", "class_name", f"row {column.first_row['']} is empty")
    fits_numbers = column.fits(replace(answer, kind="class_number"))
    fits_names = column.fits(replace(answer, kind="class_name"))
    classes = answer.head.classes
    if all(as_int(cell) is not None for cell in column.first_row):
        is_one_value = len({as_int(cell) for cell in column.first_row}) == 1
        fits_probs = len(classes) == 2 and column.fits(replace(answer, kind="probability"))
        if is_one_value and fits_probs and options.unclear == "probability":
            return "probability"
        are_same = all(name == str(number) for name, number in zip(classes, answer.numbers, strict=True))
        if has_numbers or are_same:
            return _checked(answer, column, "class_number")
        if fits_names and not fits_numbers:
            return "class_name"
        if fits_numbers and _are_bins_of_numbers(answer):
            mapping = advise(class_numbers=dict(zip(classes, answer.numbers, strict=True)))
            raise column.refuse(
                f"the bins of {answer.head.name!r} are named by numbers that are not their positions.",
                fix=f"Give the contest's number of every class: {mapping} (these are positions; put yours).",
            )
        if fits_names or (fits_numbers and _are_other_numbers(answer)):
            raise column.refuse_two("class_number", "class_name", "the classes are numbers, but not by position")
        return _checked(answer, column, "class_number")
    if fits_names:
        return "class_name"
    if all(as_float(cell) is not None for cell in column.first_row):
        if len(classes) == 2 and column.fits(replace(answer, kind="probability")):
            return "probability"
        fix = f"Set {advise(values='class_number')} to write whole numbers."
        raise column.refuse("the cells are decimal numbers, not classes.", fix=fix)
    return _checked(answer, column, "class_name")


def _are_other_numbers(answer: Answer) -> bool:
    """Whether the class names are numbers, such as 1.0, 2.0, 3.0, but not those that would be written for them."""
    values = [as_float(name) for name in answer.head.classes]
    return None not in values and values != list(answer.numbers)


def _are_bins_of_numbers(answer: Answer) -> bool:
    """Whether ordered classes are ranges with single numbers among them, such as <2, 2, 3, >=4, but 2 stands second."""
    values = [as_float(name) for name in answer.head.classes]
    is_mixed = answer.head.kind == "ordinal" and None in values
    return is_mixed and any(value not in (None, number) for value, number in zip(values, answer.numbers, strict=True))


def _checked(answer: Answer, column: _Sampled, kind: CellKind) -> str:
    bad = column.first_bad(replace(answer, kind=kind))
    if bad is None:
        return kind
    cell, why = bad
    number = as_int(cell)
    if kind == "class_number" and number == answer.head.n_classes and "0" not in column.first_row:
        fix = f"If the contest counts from 1, give its number of every class with {option('class_numbers')}."
    elif kind == "class_number":
        fix = (
            f"Give the contest's number of every class with {option('class_numbers')}, or set {advise(values=kind)} to"
            " ignore the sample's cells."
        )
    else:
        known = ", ".join(answer.head.classes[:10])
        ways = f"{advise(values='class_name')} or {advise(values='class_number')}"
        fix = f"Classes: {known}. If the cell is only a placeholder, set {ways}."
        n_words = len(cell.split())
        if n_words > 1 and any(word in answer.head.classes for word in cell.split()):
            fix = f"Classes: {known}. If a cell lists the {n_words} most likely classes, set {advise(top_k=n_words)}."
    raise column.refuse(f"{why}.", fix=fix, cell=cell)


def _settle_list(answer: Answer, column: _Sampled, wanted: str, delim: str | None) -> Answer:
    if wanted in ("decision", "probability"):
        raise UsageError(
            f"values={wanted!r} does not fit column {answer.column!r}, which lists the labels of {answer.head.name!r}.",
            fix="Use 'class_name' or 'class_number'.",
        )
    kinds: Iterable[CellKind] = ("name_list", "number_list")
    if wanted != "auto":
        kinds = ("name_list",) if wanted == "class_name" else ("number_list",)
    if wanted != "auto" and delim is not None:
        return _checked_delim(replace(answer, kind=next(iter(kinds)), delim=delim), column)
    delims = _DELIMS if delim is None else (delim,)
    readings = [replace(answer, kind=kind, delim=mark) for kind in kinds for mark in delims]
    fitting = [
        reading
        for reading in readings
        if any(cell for cell in column.first_row)
        and (delim is not None or any(reading.delim in cell for cell in column.first_row))
        and column.fits(reading)
    ]
    return _checked_delim(_only_reading(fitting, answer, column, delim), column)


def _only_reading(fitting: Sequence[Answer], answer: Answer, column: _Sampled, delim: str | None) -> Answer:
    are_same = answer.head.classes == tuple(map(str, answer.numbers))
    if len(fitting) == 1 or (fitting and are_same and len({reading.delim for reading in fitting}) == 1):
        return fitting[0]
    if len(fitting) > 1:
        kinds = [_option_of(reading) for reading in fitting[:2]]
        if kinds[0] != kinds[1]:
            are_numbers = _are_other_numbers(answer)
            why = "the classes are numbers, but not by position" if are_numbers else "lists can be read in two ways"
            raise column.refuse_two(kinds[0], kinds[1], why)
        raise column.refuse_two(
            fitting[0].delim, fitting[1].delim, "lists can be split in two ways", field="label_delim"
        )
    for kind in ("name_list", "number_list"):
        if all(column.fits(replace(answer, kind=kind, delim=mark)) for mark in _DELIMS):
            why = f"the cells do not show what joins two labels of {answer.head.name!r}"
            fix = f"Set it, such as {advise(label_delim=' ')}, and also {option('values')} if all cells are empty."
            raise column.refuse(f"{why}.", fix=fix)
    bad = column.first_bad(replace(answer, kind="name_list", delim=delim or " "))
    assert bad is not None, "a column that fits was returned above"
    cell, why = bad
    known = ", ".join(answer.head.classes[:10])
    raise column.refuse(
        f"the cell is not a list of classes ({why}).",
        fix=f"Classes: {known}. Set {option('values')} and {option('label_delim')}.",
        cell=cell,
    )


def _option_of(answer: Answer) -> str:
    return "class_name" if answer.kind == "name_list" else "class_number"


def _checked_delim(answer: Answer, column: _Sampled) -> Answer:
    holding = [name for name in answer.head.classes if answer.delim in name]
    if answer.kind == "name_list" and holding:
        raise column.refuse(
            f"class {holding[0]!r} holds the list delimiter {answer.delim!r}.",
            fix=f"Set another {option('label_delim')}, or {advise(values='class_number')}.",
        )
    return answer
